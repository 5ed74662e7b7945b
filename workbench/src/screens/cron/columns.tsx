import type { Schedule } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { StatusBadge } from '../../components/Badge.tsx'
import { Link } from '../../components/Link.tsx'
import type { Column } from '../../components/Table.tsx'
import { Absent, Distance } from '../../components/values.tsx'
import { describe } from './describe.ts'
import { RunNow } from './RunNow.tsx'
import { useRuns } from './useRuns.ts'

const STEP: Column<Schedule> = {
  title: 'Step',
  width: 'minmax(130px, 2fr)',
  ordering: { name: 'step', of: ({ step }) => step },
  cell: ({ step }) => <span title={step}>{step}</span>,
}

const WHEN: Column<Schedule> = {
  title: 'When',
  width: 'minmax(170px, 3fr)',
  cell: ({ expression }) => {
    const words = describe(expression)
    return words === '' ? <Expression text={expression} /> : <span title={`${words} (${expression})`}>{words}</span>
  },
}

const NEXT: Column<Schedule> = {
  title: 'Next run',
  width: '110px',
  isNumber: true,
  ordering: { name: 'next', of: ({ next }) => (next === null ? null : Date.parse(next)) },
  cell: ({ next }) => <Distance at={next} />,
}

const LAST: Column<Schedule> = { title: 'Last run', width: '190px', cell: ({ step }) => <LastRun step={step} /> }

const ALL: readonly Column<Schedule>[] = [
  STEP,
  WHEN,
  { title: 'Expression', width: 'minmax(140px, 1fr)', cell: ({ expression }) => <Expression text={expression} /> },
  { title: 'Time zone', width: 'minmax(90px, 1fr)', ordering: { name: 'zone', of: ({ timezone }) => timezone }, cell: ({ timezone }) => timezone },
  NEXT,
  LAST,
  { title: 'Run', width: '90px', cell: ({ step }) => <RunNow step={step} isShort /> },
]
/** Beside the details of one schedule. */
const FEW: readonly Column<Schedule>[] = [{ ...STEP, width: 'minmax(110px, 2fr)' }, { ...WHEN, width: 'minmax(120px, 3fr)' }, { ...NEXT, width: '100px' }]

export function columnsFor(isBesideDetail: boolean): readonly Column<Schedule>[] {
  return isBesideDetail ? FEW : ALL
}

export const orderings = ALL.flatMap(({ ordering }) => ordering ?? [])

function Expression({ text }: { text: string }) {
  return (
    <code className="font-mono text-sm text-muted" title={text}>
      {text}
    </code>
  )
}

/** How the newest run ended, and where it is to be seen. */
function LastRun({ step }: { step: string }) {
  const { data: runs } = useRuns(step)
  const [last] = runs ?? []
  if (last === undefined) return <Absent />
  return (
    <span className="flex items-center gap-2">
      <StatusBadge status={last.status} />
      <Link to={places.trace(last.traceId)} onClick={(event) => event.stopPropagation()} title="Show its trace">
        <Distance at={last.began} />
      </Link>
    </span>
  )
}
