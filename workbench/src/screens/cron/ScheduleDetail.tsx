import { ArrowLeft, History, Play, X } from 'lucide-react'
import { useState } from 'react'

import { useQueues } from '../../api/queries.ts'
import type { Schedule, TraceSummary } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { navigate } from '../../app/useRoute.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { StatusBadge } from '../../components/Badge.tsx'
import { Button, IconButton } from '../../components/Button.tsx'
import { Link } from '../../components/Link.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Table, type Column } from '../../components/Table.tsx'
import { Absent, Distance, Duration, Time } from '../../components/values.tsx'
import { counted } from '../../format/count.ts'
import { AskedRun } from './AskedRun.tsx'
import { describe } from './describe.ts'
import { useRunNow } from './RunNow.tsx'
import { timeIn } from './runs.ts'
import { useRuns, type Asked } from './useRuns.ts'

interface ScheduleDetailProps {
  schedule: Schedule
  close: () => void
}

/** One schedule: when it runs, how its runs ended, and a run at once. */
export function ScheduleDetail({ schedule, close }: ScheduleDetailProps) {
  const { step } = schedule
  const { data: runs, error, refetch } = useRuns(step)
  const [asked, setAsked] = useState<Asked | null>(null)
  const { mutate, isPending } = useRunNow(step)
  const run = (): void => {
    if (isPending) return
    // It may have begun before the answer is here.
    const before = new Set(runs?.map(({ traceId }) => traceId))
    mutate(undefined, { onSuccess: (eventId) => setAsked({ eventId, step, before }) })
  }
  useShortcuts([
    { keys: 'esc', title: 'Close what is open', group: 'This screen', run: close },
    { keys: 'r', title: 'Run it now', group: 'This screen', run },
  ])
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex shrink-0 flex-wrap items-center gap-2 border-b px-4 py-2">
        <IconButton icon={ArrowLeft} label="All schedules" onClick={close} className="-ml-2 min-[861px]:hidden" />
        <h3 className="min-w-0 truncate font-semibold" title={step}>
          <Link to={places.step(step)}>{step}</Link>
        </h3>
        <span className="flex-1" />
        <Button id="run-now" icon={Play} look="primary" isBusy={isPending} onClick={run}>
          Run now
        </Button>
        <IconButton icon={X} label="Close (Esc)" onClick={close} className="max-[860px]:hidden" />
      </header>
      <Facts schedule={schedule} />
      {asked && <AskedRun asked={asked} runs={runs ?? []} onClose={() => setAsked(null)} />}
      <div className="min-h-0 flex-1">
        {runs ? <Runs runs={runs} /> : error ? <ErrorState error={error} retry={() => void refetch()} /> : <Skeleton />}
      </div>
    </div>
  )
}

function Facts({ schedule: { step, expression, timezone, next } }: { schedule: Schedule }) {
  const queue = useQueues().data?.find((each) => each.kind === 'cron' && each.step === step)
  const there = next === null ? null : timeIn(timezone, next)
  return (
    <div className="flex shrink-0 flex-col gap-1 border-b px-4 py-2">
      <p>
        {describe(expression)} <code className="font-mono text-sm text-muted">{expression}</code>{' '}
        <span className="text-muted">in {timezone}</span>
      </p>
      <p className="text-muted">
        Next run <span className="text-ink">{next === null ? <Absent /> : <Distance at={next} />}</span>
        {there !== null && `: ${there}, as clocks show it there`}
      </p>
      {queue && (queue.dead > 0 || queue.paused) && (
        <p>
          <Link to={places.queue(queue)}>
            {queue.paused ? 'Its queue is paused: runs wait' : `${counted(queue.dead, 'run')} failed for good: see the dead letters`}
          </Link>
        </p>
      )}
    </div>
  )
}

const columns: readonly Column<TraceSummary>[] = [
  { title: 'Began', width: 'minmax(108px, 1fr)', cell: ({ began }) => <Time at={began} /> },
  { title: 'Status', width: '84px', cell: ({ status }) => <StatusBadge status={status} /> },
  { title: 'Took', width: '74px', isNumber: true, cell: ({ seconds }) => <Duration seconds={seconds} /> },
  { title: 'Error', width: 'minmax(90px, 3fr)', cell: ({ error }) => (error === null ? <Absent /> : <span title={error}>{error}</span>) },
  { title: 'Trace', width: '84px', cell: ({ traceId }) => <Link to={places.trace(traceId)} className="font-mono text-sm text-accent hover:underline">{traceId.slice(0, 8)}</Link> },
]

function Runs({ runs }: { runs: readonly TraceSummary[] }) {
  if (runs.length === 0) {
    return (
      <EmptyState icon={History} title="No run yet">
        Runs are shown here with how they ended, each with its trace. Press Run now to see one before its time has come.
      </EmptyState>
    )
  }
  return (
    <Table label="Last runs" columns={columns} rows={runs} keyOf={({ traceId }) => traceId} onSelect={(id) => navigate(places.trace(id))} />
  )
}
