import { Send } from 'lucide-react'
import { useId, useMemo, useState, type FormEvent } from 'react'

import { request } from '../../../api/client.ts'
import { explain } from '../../../api/error.ts'
import type { Json, Project } from '../../../api/types.ts'
import { places } from '../../../app/places.ts'
import { navigate } from '../../../app/useRoute.ts'
import { useSubmitKeys } from '../../../app/useSubmitKeys.ts'
import { Button } from '../../../components/Button.tsx'
import { JsonEditor, parseJson } from '../../../components/code/JsonEditor.tsx'
import { Field, TextInput } from '../../../components/fields.tsx'
import { SchemaDetails } from '../../../components/SchemaDetails.tsx'
import { SplitPane } from '../../../components/SplitPane.tsx'
import { exampleOf } from '../../../schema/example.ts'
import { EmittedList, type Emitted } from './EmittedList.tsx'
import { quoted } from '../draft.ts'
import { NO_OPTIONS, optionsOf, topicsOf, type Options, type Topic } from './topics.ts'

/** What the address says where no topic is chosen yet. */
export const ANY = '*'
const MOST = 20

/** Emits an event as a step does, and lists what each has caused. */
export function EmitPane({ project, topic }: { project: Project; topic: string }) {
  const [emitted, setEmitted] = useState<readonly Emitted[]>([])
  const topics = useMemo(() => topicsOf(project), [project])
  return (
    <SplitPane
      name="emit"
      label="Emitted events"
      first={<EmitForm topics={topics} name={topic} onEmitted={(more) => setEmitted((all) => [more, ...all].slice(0, MOST))} />}
      second={<EmittedList emitted={emitted} command={commandFor(topics, topic)} />}
    />
  )
}

interface EmitFormProps {
  topics: readonly Topic[]
  name: string
  onEmitted: (emitted: Emitted) => void
}

function bodyFor(topics: readonly Topic[], name: string): string {
  return JSON.stringify(exampleOf(topics.find((topic) => topic.name === name)?.schema ?? null), null, 2)
}

/** The same for a terminal, where a topic is chosen; else for one that many projects have. */
function commandFor(topics: readonly Topic[], name: string): string {
  if (name === '' || name === ANY) return `runtime emit --topic order.created --message '{"orderId": "7"}'`
  const data = JSON.stringify(exampleOf(topics.find((topic) => topic.name === name)?.schema ?? null))
  return `runtime emit --topic ${/^[\w.:/-]+$/.test(name) ? name : quoted(name)} --message ${quoted(data)}`
}

function EmitForm({ topics, name, onEmitted }: EmitFormProps) {
  // Null as long as nobody has written: the example goes with the topic.
  const [written, setWritten] = useState<string | null>(null)
  const [options, setOptions] = useState(NO_OPTIONS)
  const [error, setError] = useState('')
  const [isBusy, setIsBusy] = useState(false)
  const topic = topics.find((each) => each.name === name)
  const example = bodyFor(topics, name)
  const body = written ?? example
  const data = parseJson(body)
  const emit = async (): Promise<void> => {
    if (name === '' || data.error !== '' || isBusy) return
    setIsBusy(true)
    setError('')
    try {
      onEmitted(await emitted(name, data.value ?? null, options, topic))
    } catch (failure) {
      setError(explain(failure))
    } finally {
      setIsBusy(false)
    }
  }
  const press = useSubmitKeys('Emit the event', () => void emit())
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void emit()
  }
  return (
    <form onSubmit={submit} onKeyDown={press} className="flex h-full min-h-0 flex-col gap-2 overflow-auto p-3">
      <div className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-2">
        <TopicField topics={topics} name={name} />
        <Button type="submit" look="primary" icon={Send} isBusy={isBusy} aria-disabled={name === '' || data.error !== ''} className="mt-[22px]">
          Emit
        </Button>
      </div>
      {error !== '' && (
        <p role="alert" className="text-bad">
          {error}
        </p>
      )}
      <JsonEditor
        label="Data of the event"
        text={body}
        onChange={(text) => setWritten(text === example ? null : text)}
        onSubmit={() => void emit()}
        className="min-h-40 flex-1"
      />
      {data.error !== '' && (
        <p role="alert" className="text-sm text-bad">
          The data is no JSON: {data.error}
        </p>
      )}
      <SchemaDetails schema={topic?.schema ?? null} none="No step says what the data of this topic is (input)." />
      <OptionFields options={options} onChange={setOptions} />
    </form>
  )
}

function TopicField({ topics, name }: { topics: readonly Topic[]; name: string }) {
  const listId = useId()
  const set = (next: string): void => navigate(places.emit(next || ANY), true)
  return (
    <Field label="Topic" hint={whoTakes(name, topics.find((topic) => topic.name === name))}>
      {(attributes) => (
        <>
          <TextInput
            {...attributes}
            list={listId}
            autoFocus
            value={name}
            placeholder="name of a topic"
            onChange={(event) => set(event.target.value)}
            className="font-mono text-sm"
          />
          <datalist id={listId}>
            {topics.map((topic) => (
              <option key={topic.name} value={topic.name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  )
}

function whoTakes(name: string, topic: Topic | undefined): string {
  if (name === '') return 'One of the project’s topics, or any other.'
  if (topic === undefined || topic.takenBy.length === 0) return 'No step takes it.'
  return `Taken by ${topic.takenBy.join(', ')}.`
}

const OPTIONS: readonly (readonly [keyof Options, string, string])[] = [
  ['messageGroupId', 'Message group', 'of a fifo queue'],
  ['delay', 'Delay', 'seconds, or a date'],
  ['idempotencyKey', 'Idempotency key', 'emits once'],
  ['priority', 'Priority', 'higher goes first'],
]

function OptionFields({ options, onChange }: { options: Options; onChange: (options: Options) => void }) {
  return (
    <fieldset className="grid shrink-0 grid-cols-2 gap-x-3">
      <legend className="sr-only">Options</legend>
      {OPTIONS.map(([name, label, hint]) => (
        <Field key={name} label={label}>
          {(attributes) => (
            <TextInput
              {...attributes}
              placeholder={hint}
              value={options[name]}
              onChange={(event) => onChange({ ...options, [name]: event.target.value })}
            />
          )}
        </Field>
      ))}
    </fieldset>
  )
}

async function emitted(topic: string, data: Json, options: Options, known: Topic | undefined): Promise<Emitted> {
  const response = await request('POST', '/emit', { body: { topic, data, options: optionsOf(options) } })
  const { id } = (await response.json()) as { id: string }
  const traceId = response.headers.get('x-trace-id') ?? ''
  return { id, topic, at: new Date().toISOString(), traceId, isTaken: (known?.takenBy.length ?? 0) > 0 }
}
