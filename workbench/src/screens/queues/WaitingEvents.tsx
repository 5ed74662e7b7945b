import { CircleCheck } from 'lucide-react'

import type { QueueContents, WaitingEvent } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { useQueryState } from '../../app/useRoute.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { Badge, type Tone } from '../../components/Badge.tsx'
import { Button } from '../../components/Button.tsx'
import { preview } from '../../components/json/tree.ts'
import { Link } from '../../components/Link.tsx'
import { SplitPane } from '../../components/SplitPane.tsx'
import { EmptyState } from '../../components/states.tsx'
import { Table, type Column } from '../../components/Table.tsx'
import { Absent, Distance } from '../../components/values.tsx'
import { formatCount } from '../../format/count.ts'
import { Attempts } from './Attempts.tsx'
import { HeldEventView } from './HeldEventView.tsx'
import { describe, heldBy, standOf } from './words.ts'

const TONES: Record<ReturnType<typeof standOf>, Tone> = { waiting: 'noop', 'in flight': 'busy', retry: 'warn' }

const columns: readonly Column<WaitingEvent>[] = [
  { title: 'Event', width: '64px', cell: ({ id }) => <span className="tabular text-muted">#{id}</span> },
  { title: 'State', width: '84px', cell: (event) => <Badge tone={TONES[standOf(event)]}>{standOf(event)}</Badge> },
  { title: 'Attempt', width: '68px', isNumber: true, cell: ({ attempt }) => attempt },
  { title: 'Data', width: 'minmax(140px, 1fr)', cell: ({ data }) => <span className="font-mono text-sm">{preview(data, 160)}</span> },
  { title: 'Group', width: '80px', cell: ({ messageGroupId }) => messageGroupId ?? <Absent /> },
  { title: 'Emitted', width: '112px', isNumber: true, cell: ({ created }) => <Distance at={created} /> },
]

interface WaitingEventsProps {
  queue: QueueContents
  showMore: (() => void) | null
}

/** The events of a queue that have not run to their end, the oldest first. */
export function WaitingEvents({ queue, showMore }: WaitingEventsProps) {
  const [open, setOpen] = useQueryState('event')
  const { events } = queue
  const event = events.find(({ id }) => String(id) === open)
  const held = heldBy(queue)
  if (events.length === 0) return <NoEvents queue={queue} />
  const list = (
    <Table
      label="Events"
      columns={columns}
      rows={events}
      keyOf={({ id }) => String(id)}
      selected={event ? open : null}
      onSelect={setOpen}
      footer={held > events.length && <More shown={events.length} all={held} showMore={showMore} />}
    />
  )
  const detail = event ? <EventDetail step={queue.step} event={event} close={() => setOpen('')} /> : null
  return <SplitPane name="queue-events" label="Event" isStacked share={0.45} first={list} second={detail} />
}

function EventDetail({ step, event, close }: { step: string; event: WaitingEvent; close: () => void }) {
  useShortcuts([{ keys: 'esc', title: 'Close what is open', group: 'This screen', run: close }])
  return (
    <div tabIndex={0} className="focus-inset h-full overflow-auto">
      <HeldEventView key={event.id} event={event} />
      <Attempts step={step} event={event} />
    </div>
  )
}

function More({ shown, all, showMore }: { shown: number; all: number; showMore: (() => void) | null }) {
  return (
    <p className="flex items-center gap-2 px-4 py-2 text-sm text-muted">
      The {formatCount(shown)} oldest of {formatCount(all)}.
      {showMore && <Button look="quiet" onClick={showMore}>Show more</Button>}
    </p>
  )
}

function NoEvents({ queue }: { queue: QueueContents }) {
  const { topic, kind, orphan } = queue
  const isEmitted = kind === 'event' && !orphan
  return (
    <EmptyState
      icon={CircleCheck}
      title="No event waits"
      {...(isEmitted ? { command: `runtime emit --topic ${topic} --message '{}'` } : {})}
      action={isEmitted && <Link to={places.emit(topic)}>Emit an event</Link>}
    >
      Everything for {describe(queue)} has been handled. Events that wait, run or are to be retried are shown here, with what they
      carry.
    </EmptyState>
  )
}
