import { useState } from 'react'

import { explain } from '../../api/error.ts'
import { places } from '../../app/places.ts'
import { navigate } from '../../app/useRoute.ts'
import { Button } from '../../components/Button.tsx'
import { JsonEditor, parseJson } from '../../components/code/JsonEditor.tsx'
import { Dialog } from '../../components/Dialog.tsx'
import { Field, TextInput } from '../../components/fields.tsx'
import { writes } from './reads.ts'
import { ttlOf } from './ttl.ts'

/** Sets a value where there is none. */
export function NewValue({ group: first, onClose }: { group: string; onClose: () => void }) {
  const [group, setGroup] = useState(first)
  const [key, setKey] = useState('')
  const [text, setText] = useState('{}')
  const [ttl, setTtl] = useState('')
  const [error, setError] = useState('')
  const { value, error: fault } = parseJson(text)
  const seconds = ttlOf(ttl)
  const isReady = group !== '' && key !== '' && value !== undefined && seconds !== null
  const save = async (): Promise<void> => {
    if (!isReady || value === undefined) return
    try {
      // 0 is the version of what is not there: a value that is there is not written over.
      await writes.set(group, key, { value, ttl: seconds, ifVersion: 0 })
      navigate(places.state(group, key))
      onClose()
    } catch (failure) {
      setError(explain(failure))
    }
  }
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="primary" disabled={!isReady} onClick={() => void save()}>
        Set it
      </Button>
    </>
  )
  return (
    <Dialog title="New value" onClose={onClose} actions={actions} isWide>
      <div className="flex flex-col gap-2">
        <div className="grid grid-cols-[1fr_1fr_140px] gap-3">
          <Field label="Group">{(attributes) => <TextInput {...attributes} data-first={first === '' || undefined} value={group} onChange={(event) => setGroup(event.target.value)} />}</Field>
          <Field label="Key">{(attributes) => <TextInput {...attributes} data-first={first !== '' || undefined} value={key} onChange={(event) => setKey(event.target.value)} />}</Field>
          <Field label="Time to live" error={seconds === null ? 'Such as 90, 15m, 2h, 1d' : undefined}>
            {(attributes) => <TextInput {...attributes} placeholder="for ever" value={ttl} onChange={(event) => setTtl(event.target.value)} />}
          </Field>
        </div>
        <JsonEditor label="The value as JSON" text={text} onChange={setText} onSubmit={() => void save()} className="h-64" />
        {(error || fault) && (
          <p role="alert" className="text-bad">
            {error || `This is no JSON: ${fault}`}
          </p>
        )}
      </div>
    </Dialog>
  )
}
