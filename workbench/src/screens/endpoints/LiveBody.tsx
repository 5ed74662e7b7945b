import { useState } from 'react'

import type { StreamFrame } from '../../api/streamSocket.ts'
import type { Json } from '../../api/types.ts'
import { useRoom } from '../../api/useRoom.ts'
import { places } from '../../app/places.ts'
import { JsonView } from '../../components/json/JsonView.tsx'
import { Link } from '../../components/Link.tsx'
import { RoomBadge } from '../../components/RoomBadge.tsx'
import { formatCount } from '../../format/count.ts'
import { afterFrame, type LiveItem } from './liveItem.ts'

interface LiveBodyProps {
  room: { streamName: string; groupId: string; id: string }
  /** What the answer had. */
  first: Json
}

/** An item of a stream, which goes on as those see it who follow it. */
export function LiveBody({ room, first }: LiveBodyProps) {
  const [item, setItem] = useState<LiveItem>({ value: first, updates: 0, timestamp: 0, events: [] })
  const state = useRoom(room, (frame: StreamFrame) => setItem((before) => afterFrame(before, frame)))
  const { streamName, groupId, id } = room
  return (
    <div className="flex flex-col gap-2 p-3">
      <p className="flex flex-wrap items-center gap-2 text-sm text-muted">
        <RoomBadge {...state} />
        <span>
          Item of <Link to={places.stream(streamName, groupId, id)}>{streamName} / {groupId}</Link>
        </span>
        <span role="status" className="tabular">{item.updates === 0 ? 'no update yet' : `${formatCount(item.updates)} updates`}</span>
      </p>
      {item.value === null ? <p className="text-warn">It has been deleted.</p> : <JsonView value={item.value} label="the item" />}
      {item.events.length > 0 && (
        <section aria-label="Events" className="border-t pt-2">
          <h3 className="mb-1 text-sm font-medium text-muted">Events sent to it</h3>
          <JsonView value={item.events} label="the events" depth={2} />
        </section>
      )}
    </div>
  )
}
