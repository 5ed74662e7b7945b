import { ScrollText, SearchX, X } from 'lucide-react'
import { useCallback, useDeferredValue, useEffectEvent, useMemo } from 'react'

import { useProject } from '../../api/queries.ts'
import { places } from '../../app/places.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { Button, IconButton } from '../../components/Button.tsx'
import { MomentField, SearchField, Select } from '../../components/fields.tsx'
import { Link } from '../../components/Link.tsx'
import { ScreenFrame } from '../../components/ScreenFrame.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { exampleRequest } from '../traces/exampleRequest.ts'
import { filterOf } from './filter.ts'
import { LogList } from './LogList.tsx'
import { useLogWindow, type LogPlace } from './useLogWindow.ts'

/** What is logged, line by line, as it comes. */
export default function LogsScreen() {
  const { query } = useRoute()
  const settled = useDeferredValue(JSON.stringify({ filter: filterOf(query), at: query['at'] ?? '' }))
  const asked = useMemo(() => JSON.parse(settled) as LogPlace, [settled])
  return (
    <ScreenFrame title="Logs" tools={<Filters />}>
      <Lines asked={asked} />
    </ScreenFrame>
  )
}

const LEVELS = [['', 'All levels'], ['info', 'Info and above'], ['warn', 'Warn and above'], ['error', 'Error']] as const

function Filters() {
  const { query } = useRoute()
  const [text, setText] = useQueryState('text')
  const [level, setLevel] = useQueryState('level')
  const [trace, setTrace] = useQueryState('trace')
  const [at, setAt] = useQueryState('at')
  const isFiltered = ['text', 'level', 'step', 'trace', 'at'].some((name) => query[name])
  return (
    <>
      <SearchField value={text} onChange={setText} label="Search logs" placeholder="Message, data, trace id" />
      <Select<string> aria-label="Level" value={level} options={LEVELS} onChange={setLevel} />
      <StepChoice />
      <MomentField label="Go to a time" value={at} onChange={setAt} />
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

function Lines({ asked }: { asked: LogPlace }) {
  const { held, isStale, error, older, newer, restart, setFollows } = useLogWindow(asked)
  const [line, setLine] = useQueryState('line')
  const [, setAt] = useQueryState('at')
  const readOlder = useEffectEvent(older)
  const readNewer = useEffectEvent(newer)
  const onStart = useCallback(() => readOlder(), [])
  const onEnd = useCallback(() => readNewer(), [])
  if (error !== null && isStale) return <ErrorState error={error} retry={restart} />
  if (held === undefined) return <Skeleton rows={14} />
  const { window, asked: shown } = held
  return (
    <div className="h-full" aria-busy={isStale}>
      {window.lines.length === 0 ? (
        <Empty isFiltered={Object.keys(shown.filter).length > 0} />
      ) : (
        <LogList
          key={JSON.stringify(shown)}
          held={window}
          startsAtEnd={shown.at === ''}
          selected={line === '' ? null : Number(line)}
          onSelect={(id) => setLine(id === null ? '' : String(id))}
          onStart={onStart}
          onEnd={onEnd}
          onFollow={setFollows}
          toEnd={() => (shown.at === '' ? restart() : setAt(''))}
        />
      )}
    </div>
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
