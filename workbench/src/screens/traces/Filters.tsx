import { X } from 'lucide-react'

import { useProject } from '../../api/queries.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { Button } from '../../components/Button.tsx'
import { MomentField, SearchField, Select } from '../../components/fields.tsx'
import { PERIODS } from './filter.ts'

const STATUSES = [['', 'Any status'], ['running', 'Running'], ['ok', 'Ok'], ['failed', 'Failed']] as const
const KINDS = [['', 'Any kind'], ['api', 'API'], ['event', 'Event'], ['cron', 'Cron'], ['state', 'State'], ['stream', 'Stream']] as const

/** What is asked of the list; all of it is in the address. */
export function Filters() {
  const project = useProject().data
  const [text, setText] = useQueryState('text')
  const [until, setUntil] = useQueryState('until')
  return (
    <>
      <SearchField value={text} onChange={setText} label="Search traces" placeholder="Name, step, error, trace id" />
      <Choice name="status" label="Status" options={STATUSES} />
      <Choice name="kind" label="Kind" options={KINDS} />
      <Choice name="step" label="Step" options={named('Any step', project?.steps.map(({ name }) => name))} />
      <Choice name="flow" label="Flow" options={named('Any flow', project?.flows)} />
      <Choice name="time" label="Time" options={PERIODS} />
      <MomentField label="Began before" value={until} onChange={setUntil} />
      <Reset />
    </>
  )
}

type Options = readonly (readonly [value: string, text: string])[]

function named(any: string, names: readonly string[] = []): Options {
  return [['', any], ...names.toSorted().map((name) => [name, name] as const)]
}

function Choice({ name, label, options }: { name: string; label: string; options: Options }) {
  const [value, set] = useQueryState(name)
  // A step that is gone, or not known yet, is still what is asked for.
  const all: Options = options.some(([each]) => each === value) ? options : [...options, [value, value]]
  return <Select aria-label={label} value={value} options={all} onChange={set} className="max-w-36" />
}

function Reset() {
  const { path, query } = useRoute()
  if (!isFiltered(query)) return null
  return (
    <Button look="quiet" icon={X} onClick={() => navigate({ screen: 'traces', path, query: {} }, true)}>
      Clear filters
    </Button>
  )
}

export function isFiltered(query: Record<string, string>): boolean {
  return ['status', 'kind', 'step', 'flow', 'text', 'time', 'until'].some((name) => query[name])
}
