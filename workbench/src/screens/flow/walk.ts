import type { Graph } from './graph.ts'
import type { Point } from './layout.ts'

export type Direction = 'up' | 'down' | 'left' | 'right'

const ALONG: Record<Direction, Point> = { up: { x: 0, y: -1 }, down: { x: 0, y: 1 }, left: { x: -1, y: 0 }, right: { x: 1, y: 0 } }
/** So much worse it is to lie aside than to lie far. */
const ASIDE = 2.5

/** Where an arrow key leads: down and up along an edge first, then to the nearest node that way; null at the end. */
export function walk({ edges }: Graph, centres: ReadonlyMap<string, Point>, from: string, direction: Direction): string | null {
  const linked = linkedTo(edges, from, direction)
  return nearest(centres, from, direction, linked) ?? nearest(centres, from, direction, [...centres.keys()])
}

function linkedTo(edges: Graph['edges'], from: string, direction: Direction): string[] {
  if (direction === 'down') return edges.filter(({ source }) => source === from).map(({ target }) => target)
  if (direction === 'up') return edges.filter(({ target }) => target === from).map(({ source }) => source)
  return []
}

function nearest(centres: ReadonlyMap<string, Point>, from: string, direction: Direction, among: readonly string[]): string | null {
  const start = centres.get(from)
  if (start === undefined) return null
  const along = ALONG[direction]
  let best: { id: string; cost: number } | null = null
  for (const id of among) {
    const end = centres.get(id)
    if (end === undefined || id === from) continue
    const [dx, dy] = [end.x - start.x, end.y - start.y]
    const ahead = dx * along.x + dy * along.y
    const aside = Math.abs(dx * along.y + dy * along.x)
    if (ahead <= 1) continue
    const cost = ahead + ASIDE * aside
    if (best === null || cost < best.cost) best = { id, cost }
  }
  return best?.id ?? null
}

/** All nodes as one reads them: from top to bottom, in a row from left to right. */
export function readingOrder(places: ReadonlyMap<string, Point>): string[] {
  return [...places].toSorted(([, a], [, b]) => a.y - b.y || a.x - b.x).map(([id]) => id)
}
