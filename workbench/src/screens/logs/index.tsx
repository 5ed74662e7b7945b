import { ScrollText, SearchX, X } from 'lucide-react'
import { useCallback, useDeferredValue, useEffectEvent, useMemo } from 'react'

import { useProject, type LogFilter } from '../../api/queries.ts'
import { places } from '../../app/places.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { Button, IconButton } from '../../components/Button.tsx'
import { SearchField, Select } from '../../components/fields.tsx'
import { Link } from '../../components/Link.tsx'
import { ScreenFrame } from '../../components/ScreenFrame.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { exampleRequest } from '../traces/exampleRequest.ts'
import { filterOf } from './filter.ts'
import { LogList } from './LogList.tsx'
import { useLogWindow } from './useLogWindow.ts'

/** What is logged, line by line, as it comes. */
export default function LogsScreen() {
  const { query } = useRoute()
  const asked = useDeferredValue(JSON.stringify(filterOf(query)))
  const filter = useMemo(() => JSON.parse(asked) as LogFilter, [asked])
  return (
    <ScreenFrame title="Logs" tools={<Filters />}>
      <Lines filter={filter} />
    </ScreenFrame>
  )
}

const LEVELS = [['', 'All levels'], ['info', 'Info and above'], ['warn', 'Warn and above'], ['error', 'Error']] as const

function Filters() {
  const { query } = useRoute()
  const [text, setText] = useQueryState('text')
  const [level, setLevel] = useQueryState('level')
  const [trace, setTrace] = useQueryState('trace')
  const isFiltered = ['text', 'level', 'step', 'trace'].some((name) => query[name])
  return (
    <>
      <SearchField value={text} onChange={setText} label="Search logs" placeholder="Message, data, trace id" />
      <Select<string> aria-label="Level" value={level} options={LEVELS} onChange={setLevel} />
      <StepChoice />
      {trace !== '' && (
        <span className="flex items-center rounded-md border pl-2 text-sm">
          <Link to={places.trace(trace)}>trace {trace.slice(0, 8)}</Link>
          <IconButton icon={X} label="Show the lines of all traces" onClick={() => setTrace('')} />
        </span>
      )}
      {isFiltered && (
        <Button look="quiet" icon={X} onClick={() => navigate(places.logs({}), true)}>
          Clear filters
        </Button>
      )}
    </>
  )
}

function StepChoice() {
  const [step, setStep] = useQueryState('step')
  const steps = useProject().data?.steps ?? []
  const names = [...new Set([...steps.map(({ name }) => name), ...(step === '' ? [] : [step])])].toSorted()
  const options = [['', 'Any step'] as const, ...names.map((name) => [name, name] as const)]
  return <Select<string> aria-label="Step" value={step} options={options} onChange={setStep} className="max-w-40" />
}

function Lines({ filter }: { filter: LogFilter }) {
  const { held, error, older, toEnd, setFollows } = useLogWindow(filter)
  const [line, setLine] = useQueryState('line')
  const readOlder = useEffectEvent(() => void older())
  const onStart = useCallback(() => readOlder(), [])
  if (held === undefined) return error === null ? <Skeleton rows={14} /> : <ErrorState error={error} retry={() => void toEnd()} />
  if (held.lines.length === 0) return <Empty isFiltered={Object.keys(filter).length > 0} />
  return (
    <LogList
      key={JSON.stringify(filter)}
      held={held}
      selected={line === '' ? null : Number(line)}
      onSelect={(id) => setLine(id === null ? '' : String(id))}
      onStart={onStart}
      onFollow={setFollows}
      toEnd={() => void toEnd()}
    />
  )
}

function Empty({ isFiltered }: { isFiltered: boolean }) {
  const project = useProject().data
  if (isFiltered) {
    return (
      <EmptyState icon={SearchX} title="No line fits">
        Nothing that is kept fits these filters. Clear some of them, or wait: what fits appears here by itself.
      </EmptyState>
    )
  }
  return (
    <EmptyState icon={ScrollText} title="Nothing has been logged yet" command={exampleRequest(project)}>
      What steps log with <code className="font-mono">logger.info()</code>, and what they print, appears here as it comes.
    </EmptyState>
  )
}
