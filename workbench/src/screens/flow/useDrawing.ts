import { applyNodeChanges, MarkerType, type NodeChange } from '@xyflow/react'
import { useCallback, useEffect, useMemo, useState } from 'react'

import type { Graph, GraphNode } from './graph.ts'
import { layoutOf, withChosen, type Layout, type Point, type Size } from './layout.ts'
import type { FlowNode } from './nodes.tsx'
import { sizeOf } from './sizes.ts'
import type { FlowEdge } from './TopicEdge.tsx'
import type { Trouble } from './trouble.ts'
import { readingOrder } from './walk.ts'

/** What the screen says of the nodes. */
export interface Shown {
  chosen: ReadonlyMap<string, Point>
  current: string | null
  /** The ask for the focus that the current node serves; 0 for none. */
  focus: number
  open: string | null
  /** Nodes that a search finds; null without one. */
  found: ReadonlySet<string> | null
  /** What is wrong with steps, by node. */
  troubles: ReadonlyMap<string, Trouble>
}

export interface Drawing {
  nodes: FlowNode[]
  edges: FlowEdge[]
  /** Places and centres of all nodes, by node. */
  places: ReadonlyMap<string, Point>
  centres: ReadonlyMap<string, Point>
  /** Of the automatic layout; another one when that has changed. */
  size: Size
  change: (changes: NodeChange<FlowNode>[]) => void
}

/** Custom nodes are as large as their content, which is known when they have been drawn. */
type Measured = ReadonlyMap<string, Size>
const UNKNOWN: Measured = new Map()
const SAME = 4

/** Nodes and edges as they are drawn. `declared` says where they are; what else was seen moves nothing. */
export function useDrawing(declared: Graph, graph: Graph, shown: Shown): Drawing {
  const [measured, setMeasured] = useState(UNKNOWN)
  const sizes = useMemo(() => new Map(declared.nodes.map((node) => [node.id, (isCustom(node) && measured.get(node.id)) || sizeOf(node)])), [declared, measured])
  const sized = useCallback((id: string): Size => sizes.get(id) ?? { width: 0, height: 0 }, [sizes])
  const layout = useMemo(() => layoutOf(declared, sized), [declared, sized])
  const places = useMemo(() => withChosen(layout.places, shown.chosen, sized), [layout, shown.chosen, sized])
  const centres = useMemo(() => new Map([...places].map(([id, place]) => [id, centreOf(place, sized(id))])), [places, sized])
  const [nodes, setNodes] = useState(() => nodesOf(declared, places, shown, new Map()))
  useEffect(() => {
    setNodes((before) => nodesOf(declared, places, shown, new Map(before.map((node) => [node.id, node]))))
  }, [declared, places, shown.current, shown.focus, shown.open, shown.found, shown.troubles])
  const edges = useMemo(() => edgesOf(graph, layout), [graph, layout])
  const change = useCallback((changes: NodeChange<FlowNode>[]) => {
    setNodes((before) => applyNodeChanges(changes, before))
    setMeasured((before) => withMeasured(before, changes, declared))
  }, [declared])
  return { nodes, edges, places, centres, size: layout.size, change }
}

function centreOf({ x, y }: Point, { width, height }: Size): Point {
  return { x: x + width / 2, y: y + height / 2 }
}

/** All nodes, in the order of the Tab key; those that are as before stay the same objects, so that they are not drawn again. */
function nodesOf({ nodes }: Graph, places: ReadonlyMap<string, Point>, shown: Shown, before: ReadonlyMap<string, FlowNode>): FlowNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  return readingOrder(places).flatMap((id) => {
    const node = byId.get(id)
    if (node === undefined) return []
    const known = before.get(id)
    const data = dataOf(node, shown)
    const position = places.get(id) ?? { x: 0, y: 0 }
    return [known !== undefined && isSame(known, data, position) ? known : drawn(node, known, data, position)]
  })
}

function dataOf(node: GraphNode, { current, focus, open, found, troubles }: Shown): FlowNode['data'] {
  const { id } = node
  const isCurrent = current === id
  return { node, isCurrent, focus: isCurrent ? focus : 0, isOpen: open === id, isDim: found?.has(id) === false, trouble: troubles.get(id) ?? null }
}

/** A custom node may become as large as it likes; until it is measured it counts as one of ours. */
function drawn(node: GraphNode, known: FlowNode | undefined, data: FlowNode['data'], position: Point): FlowNode {
  const { width, height } = sizeOf(node)
  // A size that it had before somebody drew it would stay around it.
  const { width: _width, height: _height, ...rest } = known ?? {}
  const size = isCustom(node) ? { initialWidth: width, initialHeight: height } : { width, height }
  return { ...rest, id: node.id, type: 'own', position, data, ...size }
}

function isCustom(node: GraphNode): boolean {
  return node.kind === 'step' && node.step.node !== null
}

function isSame({ data: before, position: { x, y } }: FlowNode, data: FlowNode['data'], position: Point): boolean {
  const names = ['node', 'isCurrent', 'focus', 'isOpen', 'isDim', 'trouble'] as const
  return x === position.x && y === position.y && names.every((name) => before[name] === data[name])
}

function edgesOf({ edges }: Graph, layout: Layout): FlowEdge[] {
  return edges.map((edge) => ({
    id: edge.id,
    source: edge.source,
    target: edge.target,
    type: 'topic',
    data: { edge, route: layout.routes.get(edge.id) ?? null },
    markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: COLOURS[edge.kind] },
    focusable: false,
    selectable: false,
  }))
}

const COLOURS = { real: 'var(--flow-line)', virtual: 'var(--line-strong)', undeclared: 'var(--warn)', change: 'var(--stream)' }

function withMeasured(before: Measured, changes: readonly NodeChange<FlowNode>[], { nodes }: Graph): Measured {
  const custom = new Set(nodes.filter(isCustom).map(({ id }) => id))
  const fresh = changes.flatMap((change): [string, Size][] => {
    if (change.type !== 'dimensions' || change.dimensions === undefined || !custom.has(change.id)) return []
    const known = before.get(change.id)
    return known && isAbout(known, change.dimensions) ? [] : [[change.id, change.dimensions]]
  })
  return fresh.length === 0 ? before : new Map([...before, ...fresh])
}

function isAbout(one: Size, other: Size): boolean {
  return Math.abs(one.width - other.width) < SAME && Math.abs(one.height - other.height) < SAME
}
