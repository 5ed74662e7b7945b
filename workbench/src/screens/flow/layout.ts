import { graphlib, layout as dagre } from '@dagrejs/dagre'

import type { Graph, GraphEdge, GraphNode } from './graph.ts'

export interface Point {
  x: number
  y: number
}

export interface Size {
  width: number
  height: number
}

export interface Layout {
  /** Upper left corners by node. */
  places: Map<string, Point>
  /** By edge: the foot of its first node, the points that it goes through so as to pass others by, the head of its second. */
  routes: Map<string, Point[]>
  size: Size
}

const RANKS = 44
const NEIGHBOURS = 36
const LABEL = { height: 22, least: 40, most: 200, letter: 6.6, mark: 22 }
const BETWEEN = 56
/** Width over height of the whole, about as screens are. */
const SHAPE = 1.5
/** Of the width that this shape would have, were nothing left empty. */
const WIDTHS = [1, 1.15, 1.3, 1.5]

/** Places the nodes from top to bottom; parts that no edge connects stand side by side, in rows. The same graph is always drawn the same. */
export function layoutOf(graph: Graph, sizeOf: (id: string) => Size): Layout {
  const parts = partsOf(graph).map((part) => (part.nodes.length === 1 && part.edges.length === 0 ? alone(part, sizeOf) : ranked(part, sizeOf)))
  return packed(parts)
}

/** The parts of a graph that no edge connects; the largest first. */
function partsOf({ nodes, edges }: Graph): Graph[] {
  const root = new Map(nodes.map(({ id }) => [id, id]))
  const find = (id: string): string => {
    let at = id
    while (root.get(at) !== at) at = root.get(at) as string
    return at
  }
  for (const { source, target } of edges) root.set(find(target), find(source))
  const parts = Map.groupBy(nodes, ({ id }) => find(id))
  const own = Map.groupBy(edges, ({ source }) => find(source))
  return [...parts].map(([id, part]) => ({ nodes: part, edges: own.get(id) ?? [] })).toSorted((a, b) => b.nodes.length - a.nodes.length)
}

function alone({ nodes }: Graph, sizeOf: (id: string) => Size): Layout {
  const id = nodes[0]?.id ?? ''
  return { places: new Map([[id, { x: 0, y: 0 }]]), routes: new Map(), size: sizeOf(id) }
}

function ranked({ nodes, edges }: Graph, sizeOf: (id: string) => Size): Layout {
  const drawing = new graphlib.Graph({ multigraph: true })
  drawing.setGraph({ rankdir: 'TB', ranksep: RANKS, nodesep: NEIGHBOURS, edgesep: 24 })
  // Where edges go round in circles, the drawing begins with what comes first here.
  for (const { id } of nodes.toSorted((a, b) => firstness(a) - firstness(b))) drawing.setNode(id, { ...sizeOf(id) })
  for (const edge of edges.filter(({ source, target }) => source !== target)) {
    drawing.setEdge(edge.source, edge.target, { width: labelWidth(edge), height: LABEL.height, labelpos: 'c' }, edge.id)
  }
  dagre(drawing)
  const places = nodes.map(({ id }): [string, Point] => {
    const { x, y, width, height } = drawing.node(id) as Point & Size
    return [id, { x: x - width / 2, y: y - height / 2 }]
  })
  const routes = drawing.edges().map(({ v, w, name }): [string, Point[]] => {
    const { points } = drawing.edge(v, w, name) as { points: Point[] }
    const [from, to] = [drawing.node(v), drawing.node(w)] as [Point & Size, Point & Size]
    const inner = points.slice(1, -1).map(({ x, y }) => ({ x, y }))
    return [name ?? '', [{ x: from.x, y: from.y + from.height / 2 }, ...inner, { x: to.x, y: to.y - to.height / 2 }]]
  })
  const { width = 0, height = 0 } = drawing.graph() as Partial<Size>
  return { places: new Map(places), routes: new Map(routes), size: { width, height } }
}

/** What the world or a change begins is above what it leads to. */
function firstness(node: GraphNode): number {
  if (node.kind !== 'step') return 0
  return node.step.triggers.some(({ kind }) => kind === 'api' || kind === 'cron') ? 1 : 2
}

/** About as wide as its label will be, with the count that it may come to have. */
export function labelWidth({ label, topic, kind, isConditional }: Pick<GraphEdge, 'label' | 'topic' | 'kind' | 'isConditional'>): number {
  const { least, most, letter, mark } = LABEL
  const marks = (isConditional ? 1 : 0) + (kind === 'real' ? 1 : 0)
  return Math.min(Math.max((label || topic).length * letter + 16 + marks * mark, least), most)
}

/** Parts one beside the other, in rows that make about the shape of a screen: of a few widths the one that is seen largest. */
function packed(parts: readonly Layout[]): Layout {
  const area = parts.reduce((sum, { size }) => sum + (size.width + BETWEEN) * (size.height + BETWEEN), 0)
  const widest = Math.max(0, ...parts.map(({ size }) => size.width))
  const tried = WIDTHS.map((share) => inRows(parts, Math.max(widest, Math.sqrt(area * SHAPE) * share)))
  const extent = ({ size }: Layout): number => Math.max(size.width / SHAPE, size.height)
  return tried.reduce((best, each) => (extent(each) < extent(best) ? each : best))
}

/** Rows of columns: small parts stand one below the other beside a large one. */
function inRows(parts: readonly Layout[], limit: number): Layout {
  const all: Layout = { places: new Map(), routes: new Map(), size: { width: 0, height: 0 } }
  const row = { y: 0, height: 0 }
  const column = { x: 0, y: 0, width: 0 }
  for (const part of parts) {
    const { width, height } = part.size
    const isBelow = column.y > 0 && column.y + height <= row.height && width <= column.width
    if (!isBelow && column.width > 0) Object.assign(column, { x: column.x + column.width + BETWEEN, y: 0, width: 0 })
    if (column.x > 0 && column.x + width > limit) {
      Object.assign(row, { y: row.y + row.height + BETWEEN, height: 0 })
      Object.assign(column, { x: 0, y: 0, width: 0 })
    }
    const corner = { x: column.x, y: row.y + column.y }
    for (const [id, place] of part.places) all.places.set(id, moved(place, corner))
    for (const [id, route] of part.routes) all.routes.set(id, route.map((point) => moved(point, corner)))
    all.size = { width: Math.max(all.size.width, corner.x + width), height: Math.max(all.size.height, corner.y + height) }
    column.y += height + NEIGHBOURS
    column.width = Math.max(column.width, width)
    row.height = Math.max(row.height, height)
  }
  return all
}

function moved({ x, y }: Point, by: Point): Point {
  return { x: Math.round(x + by.x), y: Math.round(y + by.y) }
}

/**
 * Places with those that a person has chosen. The others stay where they are, even where one was dragged over their
 * edge; only a node that would be hidden makes room, downwards.
 */
export function withChosen(places: ReadonlyMap<string, Point>, chosen: ReadonlyMap<string, Point>, sizeOf: (id: string) => Size): Map<string, Point> {
  const kept = [...places.keys()].filter((id) => chosen.has(id))
  if (kept.length === 0) return new Map(places)
  const over = kept.map((id) => ({ ...(chosen.get(id) as Point), ...sizeOf(id) }))
  const others = [...places].filter(([id]) => !chosen.has(id)).map(([id, place]) => ({ id, ...place, ...sizeOf(id) }))
  const [hidden, seen] = [others.filter((box) => isHidden(box, over)), others.filter((box) => !isHidden(box, over))]
  const taken: Box[] = [...over, ...seen]
  for (const box of hidden) {
    for (let other = hit(box, taken); other !== undefined; other = hit(box, taken)) box.y = other.y + other.height + NEIGHBOURS
    taken.push(box)
  }
  const made = new Map(others.map(({ id, x, y }) => [id, { x, y }]))
  return new Map([...places.keys()].map((id) => [id, chosen.get(id) ?? made.get(id) ?? { x: 0, y: 0 }]))
}

/** Whether one of others covers more than half of a box. */
function isHidden(box: Box, others: readonly Box[]): boolean {
  return others.some((other) => shared(box.x, box.width, other.x, other.width) * shared(box.y, box.height, other.y, other.height) > (box.width * box.height) / 2)
}

function shared(one: number, length: number, other: number, otherLength: number): number {
  return Math.max(0, Math.min(one + length, other + otherLength) - Math.max(one, other))
}

/** Around all nodes, by their corners and centres. */
export function boundsOf(places: ReadonlyMap<string, Point>, centres: ReadonlyMap<string, Point>): Record<'left' | 'top' | 'right' | 'bottom', number> {
  const ends = [...places].map(([id, { x, y }]) => ({ x: 2 * (centres.get(id)?.x ?? x) - x, y: 2 * (centres.get(id)?.y ?? y) - y }))
  const corners = [...places.values()]
  const of = (points: readonly Point[], axis: 'x' | 'y'): number[] => points.map((point) => point[axis])
  return { left: Math.min(...of(corners, 'x')), top: Math.min(...of(corners, 'y')), right: Math.max(...of(ends, 'x')), bottom: Math.max(...of(ends, 'y')) }
}

type Box = Point & Size

function hit(box: Box, taken: readonly Box[]): Box | undefined {
  return taken.find(
    (other) =>
      box.x < other.x + other.width && other.x < box.x + box.width && box.y < other.y + other.height && other.y < box.y + box.height,
  )
}
