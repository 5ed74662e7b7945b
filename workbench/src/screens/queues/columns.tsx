import type { Queue } from '../../api/types.ts'
import { Badge, KindBadge } from '../../components/Badge.tsx'
import { classes } from '../../components/classes.ts'
import type { Ordering } from '../../components/order.ts'
import type { Column } from '../../components/Table.tsx'
import { Absent, Distance } from '../../components/values.tsx'
import { formatCount } from '../../format/count.ts'
import { policyText } from './words.ts'

type QueueColumn = Column<Queue>

function counts(title: string, of: (queue: Queue) => number, colour = ''): QueueColumn {
  return {
    title,
    width: '84px',
    isNumber: true,
    ordering: { name: title.toLowerCase().replace(' ', '-'), of, isDownFirst: true },
    cell: (queue) => <span className={classes(of(queue) === 0 ? 'text-faint' : colour)}>{formatCount(of(queue))}</span>,
  }
}

const STEP: QueueColumn = {
  title: 'Step',
  width: 'minmax(150px, 3fr)',
  ordering: { name: 'step', of: ({ step }) => step },
  cell: ({ step }) => <span title={step}>{step}</span>,
}

const TOPIC: QueueColumn = {
  title: 'Topic',
  width: 'minmax(120px, 3fr)',
  ordering: { name: 'topic', of: ({ topic, kind }) => topic || kind },
  cell: ({ topic }) => (topic === '' ? <Absent /> : <span title={topic}>{topic}</span>),
}

const KIND: QueueColumn = {
  title: 'Kind',
  width: '76px',
  ordering: { name: 'kind', of: ({ kind }) => kind },
  cell: ({ kind }) => <KindBadge kind={kind} />,
}

const OLDEST: QueueColumn = {
  title: 'Oldest',
  width: '112px',
  isNumber: true,
  ordering: { name: 'oldest', of: ({ oldest }) => (oldest === null ? null : -Date.parse(oldest)), isDownFirst: true },
  cell: ({ oldest }) => <Distance at={oldest} />,
}

const STATE: QueueColumn = {
  title: 'State',
  width: '110px',
  ordering: { name: 'state', of: ({ paused, orphan }) => Number(paused) + Number(orphan) * 2, isDownFirst: true },
  cell: (queue) => <QueueState queue={queue} />,
}

const POLICY: QueueColumn = {
  title: 'Policy',
  width: 'minmax(160px, 3fr)',
  cell: ({ policy }) => {
    if (policy === null) return <Absent />
    const text = policyText(policy)
    return (
      <span className="text-sm text-muted" title={text}>
        {text}
      </span>
    )
  },
}

const WAITING = counts('Waiting', ({ waiting }) => waiting)
const DELAYED = counts('Delayed', ({ delayed }) => delayed)
const IN_FLIGHT = counts('In flight', ({ inFlight }) => inFlight, 'text-busy')
const DEAD = counts('Dead', ({ dead }) => dead, 'font-semibold text-bad')

const ALL: readonly QueueColumn[] = [STEP, TOPIC, KIND, WAITING, DELAYED, IN_FLIGHT, DEAD, OLDEST, STATE, POLICY]
/** Beside the details of one queue. */
const FEW: readonly QueueColumn[] = [STEP, { ...WAITING, width: '76px' }, { ...DEAD, width: '64px' }, { ...STATE, width: '92px' }]

export function columnsFor(isBesideDetail: boolean): readonly QueueColumn[] {
  return isBesideDetail ? FEW : ALL
}

export const orderings: readonly Ordering<Queue>[] = ALL.flatMap(({ ordering }) => ordering ?? [])

/** What keeps a queue from delivering; nothing for one that delivers. */
export function QueueState({ queue: { paused, orphan } }: { queue: Queue }) {
  return (
    <span className="inline-flex gap-1">
      {paused && (
        <Badge tone="warn" title="Its events wait until it is resumed.">
          paused
        </Badge>
      )}
      {orphan && (
        <Badge tone="bad" title="No step of the project has this queue any more; what it holds is kept.">
          orphan
        </Badge>
      )}
    </span>
  )
}
