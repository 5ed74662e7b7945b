import type { Json } from './types.ts'

/** A group of a stream, or with an id an item. */
export interface Room {
  streamName: string
  groupId: string
  id?: string
}

export type StreamEvent =
  | { type: 'sync' | 'create' | 'update' | 'delete'; data: Json }
  | { type: 'event'; event: { type: string; data: Json } }

/** What the clients of a stream get. */
export interface StreamFrame extends Room {
  timestamp: number
  event: StreamEvent
}

export type RoomStatus = 'connecting' | 'joined' | 'denied' | 'waiting'

/** The part of a WebSocket that is used here. */
export type Socket = Pick<WebSocket, 'addEventListener' | 'send' | 'close'>

interface Listener {
  frame: (frame: StreamFrame) => void
  /** `why` is told by the project when it denies. */
  status: (status: RoomStatus, why: string) => void
}

/** As long as the published clients wait. */
const AGAIN = 2000
const DENIED = 'STREAM_ACCESS_DENIED'

/** Opens the socket where browsers of the project's users open it. */
export function openSocket(): Socket {
  return new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`)
}

/** Joins a room by the protocol of the published clients; after a lost connection it joins again. */
export class RoomSocket {
  private socket: Socket | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private isEnded = false

  constructor(
    private readonly room: Room,
    private readonly listener: Listener,
    private readonly open: () => Socket = openSocket,
  ) {
    this.connect()
  }

  close(): void {
    this.isEnded = true
    clearTimeout(this.timer)
    this.socket?.close()
  }

  private connect(): void {
    this.listener.status('connecting', '')
    const socket = (this.socket = this.open())
    socket.addEventListener('open', () => this.join(socket))
    socket.addEventListener('message', ({ data }) => this.hear(String(data)))
    socket.addEventListener('close', () => this.lost())
  }

  private join(socket: Socket): void {
    if (this.isEnded) return
    const data = { ...this.room, subscriptionId: Math.random().toString(36).slice(2) }
    socket.send(JSON.stringify({ type: 'join', data }))
    this.listener.status('joined', '')
  }

  private hear(text: string): void {
    if (this.isEnded) return
    const frame = JSON.parse(text) as StreamFrame
    const why = denialOf(frame)
    if (why === null) return this.listener.frame(frame)
    this.close()
    this.listener.status('denied', why)
  }

  private lost(): void {
    if (this.isEnded) return
    this.listener.status('waiting', '')
    this.timer = setTimeout(() => this.connect(), AGAIN)
  }
}

/** Why the project lets nobody into the room; null for any other frame. */
function denialOf({ event }: StreamFrame): string | null {
  if (event.type !== 'event' || event.event.type !== 'error') return null
  const { data } = event.event
  if (typeof data !== 'object' || data === null || Array.isArray(data) || data['code'] !== DENIED) return null
  return typeof data['message'] === 'string' ? data['message'] : ''
}
