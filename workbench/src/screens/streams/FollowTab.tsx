import { useState } from 'react'

import type { Room } from '../../api/streamSocket.ts'
import { useRoom } from '../../api/useRoom.ts'
import { Badge, type Tone } from '../../components/Badge.tsx'
import { JsonView } from '../../components/json/JsonView.tsx'
import { RoomBadge } from '../../components/RoomBadge.tsx'
import { Time } from '../../components/values.tsx'
import { VirtualList } from '../../components/VirtualList.tsx'
import { withFrame, type Followed } from './items.ts'

const TONES: Record<string, Tone> = { create: 'ok', update: 'busy', delete: 'bad', sync: 'noop' }

/** What those get who follow a group, or an item, by WebSocket. */
export function FollowTab({ room }: { room: Room }) {
  const [frames, setFrames] = useState<readonly Followed[]>([])
  const state = useRoom(room, (frame) => setFrames((all) => withFrame(all, frame, new Date().toISOString())))
  return (
    <div className="flex h-full min-h-0 flex-col">
      <p className="flex shrink-0 items-center gap-2 border-b px-3 py-1.5 text-sm text-muted">
        <RoomBadge {...state} />
        {state.status === 'denied' ? (
          <span role="alert" className="text-bad">
            The project does not let the Workbench in: {state.why || 'canAccess said no'}. The items are shown all the same, by the runtime’s own routes.
          </span>
        ) : (
          <span>What a client gets that has joined {room.id === undefined ? 'the group' : 'the item'}; the last 200 frames.</span>
        )}
      </p>
      <div className="min-h-0 flex-1">
        <VirtualList label="Frames" rows={frames} keyOf={numberOf} rowHeight={30} render={row} />
      </div>
    </div>
  )
}

function numberOf({ number }: Followed): number {
  return number
}

function row({ at, type, isEvent, id, data }: Followed) {
  return (
    <div className="grid grid-cols-[auto_80px_minmax(0,1fr)] items-start gap-x-2 border-b px-3 py-1">
      <span className="text-sm text-faint">
        <Time at={at} />
      </span>
      <span className="truncate" title={`${isEvent ? 'An event that was sent' : 'A change of the stream'}: ${type}`}>
        <Badge tone={isEvent ? 'event' : (TONES[type] ?? 'noop')}>{type}</Badge>
      </span>
      <div className="min-w-0">
        {id !== '' && <div className="truncate font-mono text-sm text-muted">{id}</div>}
        <JsonView value={data} label="the frame" depth={0} />
      </div>
    </div>
  )
}
