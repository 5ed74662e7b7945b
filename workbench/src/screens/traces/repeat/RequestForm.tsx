import { JsonEditor } from '../../../components/code/JsonEditor.tsx'
import { Field, TextInput } from '../../../components/fields.tsx'
import type { RequestDraft } from './input.ts'

interface RequestFormProps {
  draft: RequestDraft
  onChange: (change: (draft: RequestDraft) => RequestDraft) => void
  onSubmit: () => void
}

/** A request, to be edited. */
export function RequestForm({ draft, onChange, onSubmit }: RequestFormProps) {
  const set = (name: 'method' | 'path' | 'query' | 'headers' | 'body') => (value: string) => onChange((before) => ({ ...before, [name]: value }))
  return (
    <div className="flex flex-col gap-2">
      <div className="grid grid-cols-[110px_1fr] gap-3">
        <Field label="Method">{(attributes) => <TextInput {...attributes} value={draft.method} onChange={(event) => set('method')(event.target.value)} />}</Field>
        <Field label="Path">{(attributes) => <TextInput {...attributes} value={draft.path} onChange={(event) => set('path')(event.target.value)} />}</Field>
      </div>
      <div className="grid grid-cols-2 gap-3">
        <Part label="Query">
          <JsonEditor label="Query" text={draft.query} onChange={set('query')} onSubmit={onSubmit} className="h-28" />
        </Part>
        <Part label="Headers" hint="Those that are redacted in traces are left out.">
          <JsonEditor label="Headers" text={draft.headers} onChange={set('headers')} onSubmit={onSubmit} className="h-28" />
        </Part>
      </div>
      <Part label="Body" hint="Sent as it stands here, also when it is no JSON.">
        <JsonEditor label="Body" text={draft.body} onChange={set('body')} onSubmit={onSubmit} className="h-44" />
      </Part>
    </div>
  )
}

function Part({ label, hint, children }: { label: string; hint?: string; children: React.ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <span className="text-sm font-medium text-muted">
        {label} {hint && <span className="font-normal text-faint">{hint}</span>}
      </span>
      {children}
    </div>
  )
}
