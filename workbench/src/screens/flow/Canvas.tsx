import '@xyflow/react/dist/base.css'
import './flow.css'

import { Background, MiniMap, ReactFlow, useReactFlow } from '@xyflow/react'
import { Maximize, Minus, Plus } from 'lucide-react'
import { useEffect, useEffectEvent, useMemo, useRef, type KeyboardEvent, type RefObject } from 'react'

import { useShortcuts } from '../../app/useShortcuts.ts'
import { IconButton } from '../../components/Button.tsx'
import { useTheme } from '../../theme/theme.ts'
import { withSeen, type Graph } from './graph.ts'
import type { Point } from './layout.ts'
import { lookOf } from './kinds.ts'
import { nodeTypes, type FlowNode } from './nodes.tsx'
import type { Moves } from './saved.ts'
import { edgeTypes } from './TopicEdge.tsx'
import { useDrawing } from './useDrawing.ts'
import { useSeen } from './useOverlay.ts'
import { readingOrder, walk, type Direction } from './walk.ts'

interface CanvasProps {
  declared: Graph
  chosen: ReadonlyMap<string, Point>
  current: string | null
  open: string | null
  found: ReadonlySet<string> | null
  setCurrent: (id: string) => void
  onOpen: (id: string) => void
  onMove: (moves: Moves) => void
}

const FIT = { padding: 0.12, maxZoom: 1.1, duration: 0 }
const ZOOM = { least: 0.05, most: 2 }
/** From so many nodes on only those in sight are in the page, and a map is of use. */
const MANY = 60
const ARROWS: Record<string, Direction> = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'left', ArrowRight: 'right' }

/** The graph: nodes that can be dragged, walked and opened, with what happens over it. */
export function Canvas({ declared, chosen, current, open, found, setCurrent, onOpen, onMove }: CanvasProps) {
  const seen = useSeen()
  const graph = useMemo(() => withSeen(declared, seen), [declared, seen])
  const drawing = useDrawing(declared, graph, { chosen, current, open, found })
  const theme = useTheme()
  const isTouched = useRef(false)
  const press = (event: KeyboardEvent): void => {
    const direction = ARROWS[event.key]
    if (event.key === 'Enter' && current !== null) onOpen(current)
    else if (direction !== undefined) {
      const next = current === null ? readingOrder(drawing.places)[0] : walk(graph, drawing.centres, current, direction)
      if (next) setCurrent(next)
    } else return
    event.preventDefault()
  }
  return (
    <div className="flow h-full" onKeyDown={press}>
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
        {drawing.nodes.length > 8 && <MiniMap pannable zoomable ariaLabel="Map of the graph" nodeColor={colourOf} style={{ width: 160, height: 110 }} />}
        <Tools drawing={drawing} current={current} setCurrent={setCurrent} isTouched={isTouched} />
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

interface ToolsProps {
  drawing: ReturnType<typeof useDrawing>
  current: string | null
  setCurrent: (id: string) => void
  /** Whether the person has moved what is in sight. */
  isTouched: RefObject<boolean>
}

/** Zoom, and what keys do with what is in sight. */
function Tools({ drawing: { places, centres, nodes, size }, current, setCurrent, isTouched }: ToolsProps) {
  const flow = useReactFlow()
  const step = (by: number): void => {
    const order = readingOrder(places)
    const next = order[current === null ? 0 : Math.min(Math.max(order.indexOf(current) + by, 0), order.length - 1)]
    if (next !== undefined) setCurrent(next)
  }
  const fit = (): void => void flow.fitView(FIT)
  useShortcuts([
    { keys: 'j', title: 'Next step', group: 'This screen', run: () => step(1) },
    { keys: 'k', title: 'Step before', group: 'This screen', run: () => step(-1) },
    { keys: 'f', title: 'Show the whole graph', group: 'This screen', run: fit },
    { keys: '+', title: 'Closer', group: 'This screen', run: () => void flow.zoomIn() },
    { keys: '-', title: 'Further away', group: 'This screen', run: () => void flow.zoomOut() },
  ])
  useInSight(current, centres, nodes.length)
  const refit = useEffectEvent(() => {
    if (!isTouched.current && nodes.length > 0) fit()
  })
  useEffect(() => refit(), [size])
  return (
    <div className="absolute top-2 right-2 z-10 flex flex-col rounded-md border bg-raised p-0.5 shadow-sm">
      <IconButton icon={Plus} label="Closer (+)" onClick={() => void flow.zoomIn()} />
      <IconButton icon={Minus} label="Further away (-)" onClick={() => void flow.zoomOut()} />
      <IconButton icon={Maximize} label="Show the whole graph (f)" onClick={fit} />
    </div>
  )
}

const MARGIN = 90

/** Brings the node that the keys have gone to into sight, when it is not. */
function useInSight(current: string | null, centres: ReadonlyMap<string, Point>, count: number): void {
  const flow = useReactFlow()
  useEffect(() => {
    const centre = current === null ? undefined : centres.get(current)
    const box = document.querySelector('.flow')?.getBoundingClientRect()
    if (centre === undefined || box === undefined || count === 0) return
    const { x, y } = flow.flowToScreenPosition(centre)
    const isIn = x > box.left + MARGIN && x < box.right - MARGIN && y > box.top + MARGIN && y < box.bottom - MARGIN
    if (!isIn) void flow.setCenter(centre.x, centre.y, { zoom: Math.max(flow.getZoom(), 0.6), duration: 0 })
  }, [current, centres, count, flow])
}
