import type { StreamFrame } from '../../api/streamSocket.ts'
import type { Json } from '../../api/types.ts'

/** An item as those have it who follow it. */
export interface LiveItem {
  /** Null when it is deleted. */
  value: Json
  updates: number
  timestamp: number
  /** What was sent to it, the newest first; only the last ones. */
  events: Json[]
}

const MOST_EVENTS = 20

export function afterFrame(item: LiveItem, { timestamp, event }: StreamFrame): LiveItem {
  if (timestamp <= item.timestamp) return item
  if (event.type === 'event') return { ...item, timestamp, events: [event.event, ...item.events].slice(0, MOST_EVENTS) }
  if (event.type === 'delete') return { ...item, timestamp, value: null }
  const updates = item.updates + (event.type === 'sync' ? 0 : 1)
  return { ...item, timestamp, value: event.data, updates }
}
