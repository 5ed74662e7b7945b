import type { JsonSchema } from '../api/types.ts'
import { JsonView } from './json/JsonView.tsx'

/** A schema behind a line that opens it; without one it says so. */
export function SchemaDetails({ schema, none }: { schema: JsonSchema | null; none: string }) {
  if (schema === null) return <p className="text-sm text-faint">{none}</p>
  return (
    <details className="shrink-0">
      <summary className="cursor-pointer text-sm text-muted hover:text-ink">Schema</summary>
      <div className="mt-1 max-h-64 overflow-auto rounded-md border bg-sunken p-2">
        <JsonView value={schema} label="the schema" depth={3} />
      </div>
    </details>
  )
}
