import { Repeat } from 'lucide-react'

import type { TraceSummary } from '../../api/types.ts'
import { KindBadge, StatusBadge } from '../../components/Badge.tsx'
import type { Column } from '../../components/Table.tsx'
import { Duration, Time } from '../../components/values.tsx'
import { shareOf } from './durations.ts'
import { shownStatus } from './shownStatus.ts'

const status: Column<TraceSummary> = {
  title: 'Status',
  width: '88px',
  cell: (trace) => <StatusBadge status={trace.status} httpStatus={shownStatus(trace)} />,
}

const name = (hasKind: boolean): Column<TraceSummary> => ({
  title: 'What began it',
  width: 'minmax(110px, 2fr)',
  cell: (trace) => (
    <span className="flex min-w-0 items-center gap-1.5">
      {hasKind && <KindBadge kind={trace.kind} />}
      {trace.repeats !== null && <Repeat size={12} className="shrink-0 text-faint" aria-label="Run again" />}
      <span className="truncate" title={trace.name}>
        {trace.name}
      </span>
    </span>
  ),
})

const steps: Column<TraceSummary> = {
  title: 'Steps',
  width: 'minmax(140px, 3fr)',
  cell: ({ steps, error }) => (
    <span title={error ?? steps.join(' → ')} className={error === null ? 'text-muted' : 'text-bad'}>
      {error ?? steps.join(' → ')}
    </span>
  ),
}

const spans: Column<TraceSummary> = { title: 'Spans', width: '64px', isNumber: true, cell: ({ spans }) => spans }

const began: Column<TraceSummary> = { title: 'Began', width: '108px', isNumber: true, cell: ({ began }) => <Time at={began} /> }

const seconds: Column<TraceSummary> = { title: 'Duration', width: '84px', isNumber: true, cell: ({ seconds }) => <Duration seconds={seconds} /> }

function duration(longest: number): Column<TraceSummary> {
  return {
    title: 'Duration',
    width: '160px',
    cell: (trace) => (
      <span className="grid grid-cols-[56px_72px] items-center gap-2">
        <span className="h-1.5 overflow-hidden rounded-sm bg-sunken" aria-hidden>
          <span className={barOf(trace)} style={{ width: `${shareOf(trace.seconds ?? longest, longest) * 100}%` }} />
        </span>
        <span className="text-right">
          <Duration seconds={trace.seconds} />
        </span>
      </span>
    ),
  }
}

function barOf({ status }: TraceSummary): string {
  if (status === 'running') return 'block h-full shimmer bg-busy'
  return status === 'failed' ? 'block h-full bg-bad' : 'block h-full bg-line-strong'
}

/** The columns that have room beside a trace that is open, or all of them; bars are as long as the longest duration allows. */
export function columnsOf(isNarrow: boolean, longest: number): readonly Column<TraceSummary>[] {
  return isNarrow ? [status, name(false), seconds] : [status, name(true), steps, spans, duration(longest), began]
}
