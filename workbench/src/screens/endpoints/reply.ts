import type { Json } from '../../api/types.ts'
import type { Room } from '../../api/streamSocket.ts'

export type Shape = 'json' | 'html' | 'image' | 'text' | 'bytes' | 'none'

/** An answer, as far as it has come. */
export interface Reply {
  status: number
  statusText: string
  headers: [string, string][]
  /** Where the answer came from when the request was redirected; else null. */
  redirected: string | null
  traceId: string | null
  shape: Shape
  /** The body as text; of pictures a `data:` URL. At most so much of it as is kept. */
  body: string
  bytes: number
  /** Whether more came than is kept. */
  isCut: boolean
  isComplete: boolean
  /** Until its head came, and until now or its end, in seconds. */
  headSeconds: number
  seconds: number
  /** Why it broke off; empty when it did not. */
  error: string
}

/** How a body is shown, by its content type. */
export function shapeOf(contentType: string): Shape {
  const [type = ''] = contentType.toLowerCase().split(';')
  const name = type.trim()
  if (name === 'application/json' || name.endsWith('+json')) return 'json'
  if (name === 'text/html') return 'html'
  if (/^image\/(png|jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon|svg\+xml)$/.test(name)) return 'image'
  if (name.startsWith('text/') || /^application\/(xml|javascript|x-ndjson|x-www-form-urlencoded|yaml)$/.test(name)) return 'text'
  return name === '' ? 'text' : 'bytes'
}

/** The value of a JSON body that has come whole; undefined when it is none. */
export function jsonOf({ shape, body, isComplete, isCut }: Reply): Json | undefined {
  if (shape !== 'json' || !isComplete || isCut || body === '') return undefined
  try {
    return JSON.parse(body) as Json
  } catch {
    return undefined
  }
}

/** The room of the stream's item that a value is, as the methods of streams give it; null when it is none. */
export function roomOf(value: Json | undefined): Required<Room> | null {
  const mark = objectOf(objectOf(value)?.['__motia'])
  if (mark === undefined || mark['type'] !== 'state-stream') return null
  const { streamName, groupId, id } = mark
  if (typeof streamName !== 'string' || typeof groupId !== 'string' || typeof id !== 'string') return null
  return { streamName, groupId, id }
}

function objectOf(value: Json | undefined): { [member: string]: Json } | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

export function toneOf(status: number): 'ok' | 'busy' | 'warn' | 'bad' {
  if (status < 300) return 'ok'
  if (status < 400) return 'busy'
  return status < 500 ? 'warn' : 'bad'
}
