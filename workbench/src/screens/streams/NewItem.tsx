import { useState } from 'react'

import { explain } from '../../api/error.ts'
import type { Stream } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { navigate } from '../../app/useRoute.ts'
import { Button } from '../../components/Button.tsx'
import { JsonEditor, parseJson } from '../../components/code/JsonEditor.tsx'
import { Dialog } from '../../components/Dialog.tsx'
import { Field, TextInput } from '../../components/fields.tsx'
import { SchemaDetails } from '../../components/SchemaDetails.tsx'
import { exampleOf } from '../../schema/example.ts'
import { dataOf } from './items.ts'
import { writes } from './reads.ts'

interface NewItemProps {
  stream: Stream
  group: string
  onClose: () => void
}

/** Sets an item, in place of one that has its id already. */
export function NewItem({ stream, group: first, onClose }: NewItemProps) {
  const [group, setGroup] = useState(first)
  const [id, setId] = useState('')
  const [text, setText] = useState(() => JSON.stringify(dataOf(exampleOf(stream.schema)), null, 2))
  const [error, setError] = useState('')
  const { value, error: fault } = parseJson(text)
  const isReady = group !== '' && id !== '' && value !== undefined
  const save = async (): Promise<void> => {
    if (!isReady || value === undefined) return
    try {
      await writes.set(stream.name, group, id, value)
      navigate(places.stream(stream.name, group, id))
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
    <Dialog title={`New item of ${stream.name}`} onClose={onClose} actions={actions} isWide>
      <div className="flex flex-col gap-2">
        <div className="grid grid-cols-2 gap-3">
          <Field label="Group">{(attributes) => <TextInput {...attributes} data-first={first === '' || undefined} value={group} onChange={(event) => setGroup(event.target.value)} />}</Field>
          <Field label="Id" hint="An item that has it already is written over.">
            {(attributes) => <TextInput {...attributes} data-first={first !== '' || undefined} value={id} onChange={(event) => setId(event.target.value)} />}
          </Field>
        </div>
        <JsonEditor label="The item as JSON" text={text} onChange={setText} onSubmit={() => void save()} className="h-64" />
        <SchemaDetails schema={stream.schema} none="The stream says nothing of its items (schema)." />
        {(error || fault) && (
          <p role="alert" className="text-bad">
            {error || `This is no JSON: ${fault}`}
          </p>
        )}
      </div>
    </Dialog>
  )
}
