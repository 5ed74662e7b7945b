import type { GraphEdge } from './graph.ts'
import type { Point } from './layout.ts'

const NEAR = 3
const LANE = 46
const TURN = 60
const ROUND = 190
/** As far as a node reaches from its middle, and a little. */
const ASIDE = 150

interface Path {
  /** As SVG has it. */
  path: string
  /** Where its label is. */
  middle: Point
}

type Lane = Pick<GraphEdge, 'lane' | 'lanes'>

/** The way of an edge, down from `from` and down into `to`: along its route where that fits, around where it leads back up. */
export function pathOf(from: Point, to: Point, { lane, lanes }: Lane, route: readonly Point[] | null): Path {
  if (to.y < from.y + NEAR) return around(from, to, lane, route)
  const inner = route !== null && fits(from, to, route) ? route.slice(1, -1) : [half(from, to, (lane - (lanes - 1) / 2) * LANE)]
  const points = [from, ...inner, to]
  const bends = points.slice(1).map((point, at) => bend(points[at] as Point, point))
  return { path: `M${from.x},${from.y} ${bends.join(' ')}`, middle: inner[Math.floor((inner.length - 1) / 2)] ?? half(from, to, 0) }
}

/** A route counts while both its ends are where they were laid out. */
function fits(from: Point, to: Point, route: readonly Point[]): boolean {
  return isNear(from, route[0]) && isNear(to, route.at(-1))
}

function isNear(point: Point, other: Point | undefined): boolean {
  return other !== undefined && Math.abs(point.x - other.x) < NEAR && Math.abs(point.y - other.y) < NEAR
}

function half(from: Point, to: Point, aside: number): Point {
  return { x: (from.x + to.x) / 2 + aside, y: (from.y + to.y) / 2 }
}

/** A curve that leaves and arrives downwards. */
function bend(from: Point, to: Point): string {
  const y = (from.y + to.y) / 2
  return `C${from.x},${y} ${to.x},${y} ${to.x},${to.y}`
}

/** Back up, past both: where the layout has kept room for it, else on their right. */
function around(from: Point, to: Point, lane: number, route: readonly Point[] | null): Path {
  const kept = route !== null && fits(from, to, route) ? route[Math.floor(route.length / 2)] : undefined
  const isAside = kept !== undefined && [from, to].every(({ x }) => Math.abs(x - kept.x) > ASIDE)
  const { x, y } = isAside ? kept : { x: Math.max(from.x, to.x) + ROUND + lane * LANE, y: (from.y + to.y) / 2 }
  const down = `C${from.x},${from.y + TURN} ${x},${from.y + TURN} ${x},${y}`
  const up = `C${x},${to.y - TURN} ${to.x},${to.y - TURN} ${to.x},${to.y}`
  return { path: `M${from.x},${from.y} ${down} ${up}`, middle: { x, y } }
}
