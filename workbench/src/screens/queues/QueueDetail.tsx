import { ArrowLeft, X } from 'lucide-react'
import { useState } from 'react'

import { useQueue } from '../../api/queries.ts'
import { ApiError } from '../../api/error.ts'
import type { QueueAddress, QueueContents } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { navigate, useQueryState, useRoute } from '../../app/useRoute.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { KindBadge } from '../../components/Badge.tsx'
import { Button, IconButton } from '../../components/Button.tsx'
import { Link } from '../../components/Link.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Tabs } from '../../components/Tabs.tsx'
import { placeOf } from './address.ts'
import { QueueState } from './columns.tsx'
import { DeadLetterDetail } from './DeadLetterDetail.tsx'
import { DeadLetters } from './DeadLetters.tsx'
import { QueueActions } from './QueueActions.tsx'
import { RedriveReport } from './RedriveReport.tsx'
import { WaitingEvents } from './WaitingEvents.tsx'
import { heldBy, policyText, type Redriven } from './words.ts'

const FEW = 100
/** More the API does not show at once. */
const MOST = 1000

interface QueueDetailProps {
  address: QueueAddress
  close: () => void
}

/** One queue: how it stands, its dead letters by cause, and the events that wait. */
export function QueueDetail({ address, close }: QueueDetailProps) {
  const [limit, setLimit] = useState(FEW)
  const { data: queue, error, refetch } = useQueue(address, limit)
  useShortcuts([{ keys: 'esc', title: 'Close what is open', group: 'This screen', run: close }])
  if (queue) return <Contents queue={queue} close={close} showMore={limit < MOST ? () => setLimit(MOST) : null} limit={limit} />
  if (error instanceof ApiError && error.status === 404) return <Gone address={address} close={close} />
  return error ? <ErrorState error={error} retry={() => void refetch()} /> : <Skeleton />
}

interface ContentsProps {
  queue: QueueContents
  close: () => void
  /** Null when there is no more that could be shown. */
  showMore: (() => void) | null
  limit: number
}

function Contents({ queue, close, showMore, limit }: ContentsProps) {
  const [redriven, setRedriven] = useState<Redriven | null>(null)
  const route = useRoute()
  const dead = route.query['dead'] ?? ''
  const openLetter = (id: number | null): void => navigate(placeOf(queue, route, id === null ? '' : String(id)), dead !== '' && id !== null)
  return (
    <div id="queue-detail" tabIndex={-1} className="flex h-full min-h-0 flex-col outline-none">
      <Head queue={queue} close={close} onRedriven={setRedriven} />
      {redriven && <RedriveReport redriven={redriven} limit={limit} onClose={() => setRedriven(null)} />}
      <div className="min-h-0 flex-1">
        {dead === '' ? (
          <Held queue={queue} showMore={showMore} openLetter={openLetter} onRedriven={setRedriven} />
        ) : (
          <DeadLetterDetail queue={queue} id={Number(dead)} open={openLetter} showMore={showMore} onRedriven={setRedriven} />
        )}
      </div>
    </div>
  )
}

interface HeadProps {
  queue: QueueContents
  close: () => void
  onRedriven: (redriven: Redriven) => void
}

function Head({ queue, close, onRedriven }: HeadProps) {
  const { step, topic, kind, policy, orphan } = queue
  return (
    <header className="flex shrink-0 flex-col gap-1 border-b px-4 py-2">
      <div className="flex items-start gap-2">
        <IconButton icon={ArrowLeft} label="All queues" onClick={close} className="-ml-2 min-[861px]:hidden" />
        <div className="flex min-h-7 min-w-0 flex-1 flex-wrap items-center gap-x-2">
          <h3 className="min-w-0 truncate font-semibold" title={step}>
            {orphan ? step : <Link to={places.step(step)}>{step}</Link>}
          </h3>
          <KindBadge kind={kind} />
          {topic !== '' && <span className="min-w-0 truncate text-muted" title={topic}>{topic}</span>}
          <QueueState queue={queue} />
        </div>
        <QueueActions queue={queue} onRedriven={onRedriven} />
        <IconButton icon={X} label="Close (Esc)" onClick={close} className="max-[860px]:hidden" />
      </div>
      <p className="text-sm text-muted">
        {policy ? policyText(policy) : 'No step of the project has this queue any more. What it holds is kept, and can be redriven to another step.'}
      </p>
    </header>
  )
}

type HeldTab = 'dead' | 'events'

interface HeldProps {
  queue: QueueContents
  showMore: (() => void) | null
  openLetter: (id: number) => void
  onRedriven: (redriven: Redriven) => void
}

function Held({ queue, showMore, openLetter, onRedriven }: HeldProps) {
  const [tab, setTab] = useQueryState('tab')
  const events = heldBy(queue)
  const first: HeldTab = queue.dead === 0 && events > 0 ? 'events' : 'dead'
  return (
    <Tabs<HeldTab>
      label="What the queue holds"
      selected={tab === 'dead' || tab === 'events' ? tab : first}
      onSelect={setTab}
      tabs={[
        {
          id: 'dead',
          title: 'Dead letters',
          count: queue.dead,
          panel: () => <DeadLetters queue={queue} showMore={showMore} openLetter={openLetter} onRedriven={onRedriven} />,
        },
        { id: 'events', title: 'Events', count: events, panel: () => <WaitingEvents queue={queue} showMore={showMore} /> },
      ]}
    />
  )
}

function Gone({ address: { step, topic }, close }: QueueDetailProps) {
  return (
    <EmptyState icon={X} title="This queue is not there" action={<Button onClick={close}>All queues</Button>}>
      No step ‘{step}’ takes {topic === '' ? 'such events' : `‘${topic}’`}, and nothing of it has been left behind. It may have been
      renamed.
    </EmptyState>
  )
}
