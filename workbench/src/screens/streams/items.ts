import type { StreamFrame } from '../../api/streamSocket.ts'
import type { Json } from '../../api/types.ts'
import { preview } from '../../components/json/tree.ts'

/** An item in a line of a list. */
export interface ItemRow {
  key: string
  preview: string
  /** When it was made; null when it does not say so. */
  created: string | null
}

/** What a step has written of an item, without what the runtime adds. */
export function dataOf(item: Json): Json {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
  const { id: _id, _createdAt, __motia, ...data } = item
  return data
}

export function lineOf(id: string, item: Json): ItemRow {
  const isObject = typeof item === 'object' && item !== null && !Array.isArray(item)
  const created = isObject ? item['_createdAt'] : null
  return { key: id, preview: preview(dataOf(item), 160), created: typeof created === 'string' ? created : null }
}

/** A frame that came while one followed. */
export interface Followed {
  number: number
  at: string
  /** What came: `sync`, `update`, or the type of an event. */
  type: string
  isEvent: boolean
  /** Which item it is of; empty for the group. */
  id: string
  data: Json
}

const MOST = 200

/** The frames that are kept, with one more: the last ones. */
export function withFrame(all: readonly Followed[], { event, id = '' }: StreamFrame, at: string): Followed[] {
  const isEvent = event.type === 'event'
  const [type, data] = event.type === 'event' ? [event.event.type, event.event.data ?? null] : [event.type, event.data]
  const next = { number: (all.at(-1)?.number ?? 0) + 1, at, type, isEvent, id: id || idOf(data), data }
  return [...all, next].slice(-MOST)
}

function idOf(data: Json): string {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return ''
  return typeof data['id'] === 'string' ? data['id'] : ''
}
