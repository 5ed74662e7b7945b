import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { api } from '../../api/client.ts'
import { explain } from '../../api/error.ts'
import { keys, useQueues } from '../../api/queries.ts'
import type { DeadLetter, Json, Queue, QueueAddress } from '../../api/types.ts'
import { Button } from '../../components/Button.tsx'
import { JsonEditor, parseJson } from '../../components/code/JsonEditor.tsx'
import { Dialog } from '../../components/Dialog.tsx'
import { Field, Select } from '../../components/fields.tsx'
import { counted } from '../../format/count.ts'
import { describe, type Redriven } from './words.ts'
import { bodyOf, nameOfTarget, targetsOf } from './redrive.ts'

interface RedriveDialogProps {
  queue: Queue
  letters: readonly DeadLetter[]
  /** Of all dead letters, also those that are not shown; an orphan's events move along. */
  isAll?: boolean
  onRedriven: (redriven: Redriven) => void
  onClose: () => void
}

/** Makes events of dead letters again: as they were, one alone with other data, here or for another step. */
export function RedriveDialog({ queue, letters, isAll = false, onRedriven, onClose }: RedriveDialogProps) {
  const targets = targetsOf(queue, useQueues().data ?? [])
  const [only] = letters.length === 1 && !isAll ? letters : []
  const [chosen, setChosen] = useState('')
  const [text, setText] = useState(() => only && draftOf(only))
  const target = targets.find((each) => nameOfTarget(each) === chosen) ?? (queue.orphan ? targets[0] : undefined)
  const { value, error } = parseJson(text ?? 'null')
  const isEdited = only !== undefined && text !== draftOf(only)
  const wrong = error || (value === undefined ? 'Write a value, such as null.' : '')
  const choice = { ids: isAll ? null : letters.map(({ id }) => id), data: isEdited ? value : undefined, target }
  const { run, isBusy, failure } = useRedrive(queue, letters, choice, onRedriven, onClose)
  const submit = (): void => {
    if (wrong === '' && !isBusy && (target !== undefined || !queue.orphan)) void run()
  }
  const count = isAll ? queue.dead : letters.length
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="primary" isBusy={isBusy} disabled={isBusy || wrong !== '' || (queue.orphan && target === undefined)} onClick={submit}>
        {isBusy ? 'Redriving…' : isEdited ? 'Redrive with this data' : `Redrive ${counted(count, 'dead letter')}`}
      </Button>
    </>
  )
  return (
    <Dialog title={only ? `Redrive dead letter ${only.id}` : `Redrive ${counted(count, 'dead letter')}`} onClose={onClose} actions={actions} isWide={only !== undefined}>
      <div className="flex flex-col gap-3">
        <p className="text-muted">
          {count === 1 ? 'It becomes an event again and gets its attempts anew' : 'They become events again and get their attempts anew'}
          {queue.paused && !target ? '. The queue is paused: nothing runs until it is resumed' : ''}.
        </p>
        <Field label="For" hint={targets.length === 0 ? `No other step takes events of the kind ‘${queue.kind}’.` : undefined}>
          {(attributes) => (
            <Select {...attributes} value={target ? nameOfTarget(target) : ''} options={optionsOf(queue, targets)} onChange={setChosen} className="w-full" />
          )}
        </Field>
        {text !== undefined && (
          <Field label="Data" error={wrong === '' ? undefined : wrong} hint={isEdited ? 'Changed. The step’s schema is checked before anything is redriven.' : 'As it was; change it to redrive it with other data.'}>
            {() => <JsonEditor label="Data of the event" text={text} onChange={setText} onSubmit={submit} className="h-[min(320px,36vh)]" />}
          </Field>
        )}
        {failure !== '' && <p role="alert" className="text-bad">{failure}</p>}
        {isBusy && <p role="status" className="text-muted">{counted(queue.dead, 'dead letter')} left in the queue.</p>}
      </div>
    </Dialog>
  )
}

function draftOf({ data }: DeadLetter): string {
  return JSON.stringify(data, null, 2)
}

function optionsOf(queue: Queue, targets: readonly QueueAddress[]): [string, string][] {
  const others = targets.map((each): [string, string] => [nameOfTarget(each), describe(each)])
  return queue.orphan ? others : [['', `${describe(queue)}, where it was`], ...others]
}

interface Choice {
  /** Null for all. */
  ids: number[] | null
  data: Json | undefined
  target: QueueAddress | undefined
}

function useRedrive(
  queue: Queue,
  letters: readonly DeadLetter[],
  choice: Choice,
  onRedriven: (redriven: Redriven) => void,
  onClose: () => void,
) {
  const client = useQueryClient()
  const [isBusy, setIsBusy] = useState(false)
  const [failure, setFailure] = useState('')
  const { topic, step, kind } = queue
  const run = async (): Promise<void> => {
    setIsBusy(true)
    setFailure('')
    try {
      const done = await api.post<{ redriven: number; moved: number }>('/queue/redrive', { topic, step, kind }, bodyOf(choice))
      const target = choice.target ?? { topic, step, kind }
      const eventIds = letters.map(({ eventId }) => eventId)
      onRedriven({ at: Date.now(), count: done.redriven, moved: done.moved, target, isElsewhere: choice.target !== undefined, eventIds })
      for (const each of [queue, target]) void client.invalidateQueries({ queryKey: keys.queue(each) })
      void client.invalidateQueries({ queryKey: keys.queues })
      onClose()
    } catch (error) {
      setFailure(explain(error))
      setIsBusy(false)
    }
  }
  return { run, isBusy, failure }
}
