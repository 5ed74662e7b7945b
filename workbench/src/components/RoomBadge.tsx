import type { RoomStatus } from '../api/streamSocket.ts'
import { Badge, type Tone } from './Badge.tsx'

const STATES: Record<RoomStatus, [Tone, string, string]> = {
  connecting: ['busy', 'joining', 'The WebSocket opens'],
  joined: ['ok', 'live', 'Joined by WebSocket, as the clients of the project do'],
  waiting: ['warn', 'lost', 'The connection was lost; it is made again'],
  denied: ['bad', 'denied', 'The project lets nobody without a name in here'],
}

/** Whether a room of a stream is followed. */
export function RoomBadge({ status, why }: { status: RoomStatus; why: string }) {
  const [tone, word, title] = STATES[status]
  return (
    <Badge tone={tone} title={why === '' ? title : why}>
      {word}
    </Badge>
  )
}
