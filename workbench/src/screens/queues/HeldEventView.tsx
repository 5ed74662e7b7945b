import type { ReactNode } from 'react'

import type { DeadLetter, WaitingEvent } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { CopyButton } from '../../components/CopyButton.tsx'
import { JsonView } from '../../components/json/JsonView.tsx'
import { Link } from '../../components/Link.tsx'
import { Time } from '../../components/values.tsx'

interface HeldEventViewProps {
  event: DeadLetter | WaitingEvent
  buried?: string
}

/** What an event carries, and where it comes from. */
export function HeldEventView({ event, buried }: HeldEventViewProps) {
  const { eventId, traceId, created, messageGroupId, priority, data } = event
  return (
    <>
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(130px,1fr))] gap-x-6 gap-y-2 border-b px-4 py-3">
        <Fact name="Emitted">
          <Time at={created} />
        </Fact>
        {buried !== undefined && (
          <Fact name="Buried">
            <Time at={buried} />
          </Fact>
        )}
        {messageGroupId !== null && <Fact name="Group">{messageGroupId}</Fact>}
        {priority !== 0 && <Fact name="Priority">{priority}</Fact>}
        <Fact name="Trace">
          <Link to={places.trace(traceId)} title={traceId} className="font-mono text-sm text-accent hover:underline">
            {traceId.slice(0, 8)}
          </Link>
        </Fact>
        <Fact name="Event id">
          <span className="inline-flex items-center font-mono text-sm" title={eventId}>
            {eventId.slice(0, 8)}
            <CopyButton text={eventId} label="Copy the event id" />
          </span>
        </Fact>
      </dl>
      <section className="border-b px-4 py-3">
        <h5 className="mb-1 text-sm font-medium text-muted">Data</h5>
        <JsonView value={data} label="the data" />
      </section>
    </>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="flex min-h-7 min-w-0 items-center truncate">{children}</dd>
    </div>
  )
}
