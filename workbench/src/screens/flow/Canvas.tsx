import '@xyflow/react/dist/base.css'
import './flow.css'

import { Background, MiniMap, ReactFlow, useReactFlow, useStore, type FitViewOptions } from '@xyflow/react'
import { Maximize, Minus, Plus } from 'lucide-react'
import { useEffect, useEffectEvent, useMemo, useRef, type FocusEvent, type KeyboardEvent, type RefObject } from 'react'

import { useShortcuts } from '../../app/useShortcuts.ts'
import { IconButton } from '../../components/Button.tsx'
import { useTheme } from '../../theme/theme.ts'
import { withSeen, type Graph } from './graph.ts'
import { lookOf } from './kinds.ts'
import { boundsOf, type Point } from './layout.ts'
import { nodeTypes, type FlowNode } from './nodes.tsx'
import type { Moves } from './saved.ts'
import { edgeTypes } from './TopicEdge.tsx'
import { useDrawing, type Drawing, type Shown } from './useDrawing.ts'
import { useInSight } from './useInSight.ts'
import { useSeen } from './useOverlay.ts'
import { readingOrder, walk, type Direction } from './walk.ts'

interface CanvasProps {
  declared: Graph
  shown: Shown
  setCurrent: (id: string) => void
  /** Goes to a node as keys do, with the focus. */
  walkTo: (id: string) => void
  onOpen: (id: string) => void
  onMove: (moves: Moves) => void
}

/** Nothing comes to lie under the tools at the right. */
const FIT: FitViewOptions = { padding: { x: '36px', y: '32px', right: '60px' }, maxZoom: 1.1, duration: 0 }
const ZOOM = { least: 0.05, most: 2 }
/** From so many nodes on only those in sight are in the page. */
const MANY = 60
/** Up to so many nodes there is no map. */
const FEW = 8
const ARROWS: Record<string, Direction> = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right' }

/** The graph: nodes that can be dragged, walked and opened, with what happens over it. */
export function Canvas({ declared, shown, setCurrent, walkTo, onOpen, onMove }: CanvasProps) {
  const { current } = shown
  const seen = useSeen()
  const graph = useMemo(() => withSeen(declared, seen), [declared, seen])
  const drawing = useDrawing(declared, graph, shown)
  const theme = useTheme()
  const isTouched = useRef(false)
  const press = (event: KeyboardEvent): void => {
    const direction = ARROWS[event.key]
    if (direction === undefined) return
    const next = current === null ? readingOrder(drawing.places)[0] : walk(graph, drawing.centres, current, direction)
    if (next) walkTo(next)
    event.preventDefault()
  }
  // The Tab key leads from node to node as well; a click is no such step.
  const follow = ({ target }: FocusEvent): void => {
    const id = target.closest('[data-node]')?.getAttribute('data-node')
    if (id && id !== current && target.matches(':focus-visible')) setCurrent(id)
  }
  return (
    <div className="flow h-full" onKeyDown={press} onFocus={follow}>
      <ReactFlow
        aria-label="Steps and what leads from one to the other"
        nodes={drawing.nodes}
        edges={drawing.edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={drawing.change}
        onMoveStart={(event) => (isTouched.current ||= event !== null)}
        onNodeClick={(_, { id }) => onOpen(id)}
        onNodeDragStop={(_, node, moved) => onMove(new Map((moved.length > 0 ? moved : [node]).map(({ id, position }) => [id, rounded(position)])))}
        onlyRenderVisibleElements={drawing.nodes.length > MANY}
        colorMode={theme}
        minZoom={ZOOM.least}
        maxZoom={ZOOM.most}
        fitView
        fitViewOptions={FIT}
        nodeDragThreshold={3}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        attributionPosition="bottom-left"
      >
        <Background gap={22} size={1} />
        {drawing.nodes.length > FEW && <Overview drawing={drawing} />}
        <Tools drawing={drawing} current={current} walkTo={walkTo} isTouched={isTouched} />
      </ReactFlow>
    </div>
  )
}

function rounded({ x, y }: Point): Point {
  return { x: Math.round(x), y: Math.round(y) }
}

function colourOf({ data: { node } }: FlowNode): string {
  return lookOf(node.kind === 'step' ? node.step.type : node.kind).colour
}

/** A map of the graph, while not all of it is in sight. */
function Overview({ drawing: { places, centres } }: { drawing: Drawing }) {
  const bounds = useMemo(() => boundsOf(places, centres), [places, centres])
  const isWhole = useStore(({ transform: [x, y, zoom], width, height }) => {
    const { left, top, right, bottom } = bounds
    return left * zoom + x >= 0 && top * zoom + y >= 0 && right * zoom + x <= width && bottom * zoom + y <= height
  })
  if (isWhole) return null
  return <MiniMap pannable zoomable ariaLabel="Map of the graph" nodeColor={colourOf} style={{ width: 160, height: 110 }} />
}

interface ToolsProps {
  drawing: Drawing
  current: string | null
  walkTo: (id: string) => void
  /** Whether the person has moved what is in sight. */
  isTouched: RefObject<boolean>
}

/** Zoom, and what keys do with what is in sight. */
function Tools({ drawing: { places, centres, nodes, size }, current, walkTo, isTouched }: ToolsProps) {
  const flow = useReactFlow()
  const step = (by: number): void => {
    const order = readingOrder(places)
    const next = order[current === null ? 0 : Math.min(Math.max(order.indexOf(current) + by, 0), order.length - 1)]
    if (next !== undefined) walkTo(next)
  }
  const fit = (): void => void flow.fitView(FIT)
  useShortcuts([
    { keys: 'j', title: 'Next step', group: 'This screen', run: () => step(1) },
    { keys: 'k', title: 'Step before', group: 'This screen', run: () => step(-1) },
    { keys: 'f', title: 'Show the whole graph', group: 'This screen', run: fit },
    { keys: '+', title: 'Closer', group: 'This screen', run: () => void flow.zoomIn() },
    { keys: '-', title: 'Further away', group: 'This screen', run: () => void flow.zoomOut() },
  ])
  useInSight(current, places, centres)
  const refit = useEffectEvent(() => {
    if (!isTouched.current && nodes.length > 0) fit()
  })
  useEffect(() => refit(), [size])
  return (
    <div className="flow-tools absolute top-2 right-2 z-10 flex flex-col rounded-md border bg-raised p-0.5 shadow-sm">
      <IconButton icon={Plus} label="Closer (+)" onClick={() => void flow.zoomIn()} />
      <IconButton icon={Minus} label="Further away (-)" onClick={() => void flow.zoomOut()} />
      <IconButton icon={Maximize} label="Show the whole graph (f)" onClick={fit} />
    </div>
  )
}
