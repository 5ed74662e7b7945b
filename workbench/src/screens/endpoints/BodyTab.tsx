import { RotateCcw } from 'lucide-react'

import { Button } from '../../components/Button.tsx'
import { JsonEditor } from '../../components/code/JsonEditor.tsx'
import { Select } from '../../components/fields.tsx'
import { SchemaDetails } from '../../components/SchemaDetails.tsx'
import { TextArea } from '../../components/TextArea.tsx'
import { firstDraft, takesBody, type BodyKind, type Draft } from './draft.ts'
import type { Endpoint } from './endpoints.ts'

const KINDS: readonly (readonly [BodyKind, string])[] = [
  ['json', 'JSON'],
  ['text', 'Text'],
  ['form', 'Form (a=1&b=2)'],
  ['none', 'No body'],
]

interface BodyTabProps {
  endpoint: Endpoint
  draft: Draft
  onChange: (change: Partial<Draft>) => void
  onSend: () => void
}

export function BodyTab({ endpoint, draft: { body, bodyKind }, onChange, onSend }: BodyTabProps) {
  if (!takesBody(endpoint.method)) return <p className="p-3 text-muted">A {endpoint.method} request has no body.</p>
  const example = firstDraft({ ...endpoint, method: 'POST' }).body
  return (
    <div className="flex h-full min-h-0 flex-col gap-2 p-3">
      <div className="flex items-center gap-2">
        <Select aria-label="Kind of body" value={bodyKind} options={KINDS} onChange={(next) => onChange({ bodyKind: next })} />
        <span className="flex-1" />
        {bodyKind === 'json' && body !== example && (
          <Button look="quiet" icon={RotateCcw} onClick={() => onChange({ body: example })}>
            Example
          </Button>
        )}
      </div>
      {bodyKind === 'json' && (
        <JsonEditor
          key={endpoint.id}
          label="Body of the request"
          text={body}
          onChange={(text) => onChange({ body: text })}
          onSubmit={onSend}
          className="min-h-32 flex-1"
        />
      )}
      {(bodyKind === 'text' || bodyKind === 'form') && (
        <TextArea aria-label="Body of the request" value={body} onChange={(text) => onChange({ body: text })} className="min-h-32 flex-1" />
      )}
      <SchemaDetails schema={endpoint.trigger.bodySchema} none="The step says nothing of its body (bodySchema)." />
    </div>
  )
}
