import { Send } from 'lucide-react'
import { useState } from 'react'

import { explain } from '../../api/error.ts'
import { Button } from '../../components/Button.tsx'
import { JsonEditor, parseJson } from '../../components/code/JsonEditor.tsx'
import { Field, Select, TextInput } from '../../components/fields.tsx'
import { toast } from '../../components/toasts.ts'
import { writes } from './reads.ts'

interface SendTabProps {
  stream: string
  group: string
  /** Empty when no item is open. */
  id: string
}

/** Sends an event to those who follow a group, or an item; it is not stored. */
export function SendTab({ stream, group, id }: SendTabProps) {
  const [to, setTo] = useState<'item' | 'group'>(id === '' ? 'group' : 'item')
  const [type, setType] = useState('')
  const [text, setText] = useState('{}')
  const [error, setError] = useState('')
  const { value, error: fault } = parseJson(text)
  const isReady = type !== '' && fault === ''
  const send = async (): Promise<void> => {
    if (!isReady) return
    setError('')
    try {
      await writes.send(stream, group, to === 'item' ? id : '', { type, data: value ?? null })
      toast('ok', `Sent ${type} to the followers of ${to === 'item' ? id : group}`)
    } catch (failure) {
      setError(explain(failure))
    }
  }
  const targets: (readonly ['item' | 'group', string])[] = [['group', 'All followers of the group']]
  if (id !== '') targets.unshift(['item', 'Followers of this item'])
  return (
    <form onSubmit={(event) => (event.preventDefault(), void send())} className="flex h-full min-h-0 flex-col gap-2 p-3">
      <div className="grid grid-cols-2 gap-3">
        <Field label="To">{(attributes) => <Select {...attributes} value={to} options={targets} onChange={setTo} />}</Field>
        <Field label="Type">
          {(attributes) => <TextInput {...attributes} placeholder="message" value={type} onChange={(event) => setType(event.target.value)} />}
        </Field>
      </div>
      <JsonEditor label="Data of the event" text={text} onChange={setText} onSubmit={() => void send()} className="min-h-24 flex-1" />
      {(error || fault) && (
        <p role="alert" className="text-sm text-bad">
          {error || `The data is no JSON: ${fault}`}
        </p>
      )}
      <div className="flex shrink-0 items-center gap-2">
        <p className="flex-1 text-sm text-faint">Clients hear it by onEvent(type, …). It is not stored.</p>
        <Button type="submit" look="primary" icon={Send} disabled={!isReady}>
          Send
        </Button>
      </div>
    </form>
  )
}
