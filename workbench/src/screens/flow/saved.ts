import type { Json } from '../../api/types.ts'
import type { Point } from './layout.ts'

/** A flow in the file of positions; other tools may have written more into it. */
export interface SavedFlow {
  id?: Json
  config?: Json
}

/** Positions of a flow's nodes by file; what is no position is left out. */
export function chosenOf(flows: readonly SavedFlow[], id: string): Map<string, Point> {
  const config = flows.find((flow) => flow.id === id)?.config
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return new Map()
  return new Map(Object.entries(config).flatMap(([file, place]) => (isPoint(place) ? [[file, { x: place.x, y: place.y }]] : [])))
}

function isPoint(place: unknown): place is Point {
  const { x, y } = (place ?? {}) as Partial<Point>
  return Number.isFinite(x) && Number.isFinite(y)
}

/** What is to be saved, by node: a position, or null for none. */
export type Moves = ReadonlyMap<string, Point | null>

/** Positions with moves that are not in the file yet. */
export function withMoves(chosen: ReadonlyMap<string, Point>, moves: Moves): Map<string, Point> {
  const all = new Map(chosen)
  for (const [id, place] of moves) {
    if (place === null) all.delete(id)
    else all.set(id, place)
  }
  return all
}
