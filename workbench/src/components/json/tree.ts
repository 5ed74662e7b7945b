import type { Json } from '../../api/types.ts'

/** So many members are shown until a person asks for more. */
export const PAGE = 100
export const LONGEST_TEXT = 2000

export type Kind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

export function kindOf(value: Json): Kind {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value as Kind
}

/** Names and values of what is inside, at most so many. */
export function membersOf(value: Json, most: number): [string, Json][] {
  if (Array.isArray(value)) return value.slice(0, most).map((each, at) => [String(at), each])
  if (typeof value !== 'object' || value === null) return []
  const found: [string, Json][] = []
  for (const name in value) {
    if (found.length >= most) break
    found.push([name, value[name] as Json])
  }
  return found
}

export function sizeOf(value: Json): number {
  if (Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}

/** The value in a few characters, for one line. */
export function preview(value: Json, most = 80): string {
  const text = previewOf(value, most)
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

function previewOf(value: Json, most: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, most))
  if (value === null || typeof value !== 'object') return String(value)
  const inside: string[] = []
  let length = 0
  for (const [name, member] of membersOf(value, 20)) {
    if (length > most) break
    const isLeaf = typeof member !== 'object' || member === null
    const text = isLeaf ? previewOf(member, most) : Array.isArray(member) ? `[${member.length}]` : '{…}'
    inside.push(Array.isArray(value) ? text : `${name}: ${text}`)
    length += text.length + name.length
  }
  const more = inside.length < sizeOf(value) ? ', …' : ''
  return Array.isArray(value) ? `[${inside.join(', ')}${more}]` : `{${inside.join(', ')}${more}}`
}
