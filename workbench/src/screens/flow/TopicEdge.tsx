import { BaseEdge, EdgeLabelRenderer, type Edge, type EdgeProps, type EdgeTypes } from '@xyflow/react'
import { memo, useState } from 'react'

import { classes } from '../../components/classes.ts'
import { formatCount } from '../../format/count.ts'
import type { GraphEdge } from './graph.ts'
import type { Point } from './layout.ts'
import { hasHappened } from './overlay.ts'
import { pathOf } from './paths.ts'
import { useEmitted } from './useOverlay.ts'

export interface EdgeData extends Record<string, unknown> {
  edge: GraphEdge
  /** Points that it goes through for as long as both its ends lie where they were laid out. */
  route: readonly Point[] | null
}

export type FlowEdge = Edge<EdgeData>

/** The layout has kept no room for labels of what was not declared: they go below those for which it has. */
const BELOW = 22

const MEANINGS: Record<GraphEdge['kind'], string> = {
  real: 'emits',
  virtual: 'only drawn: no event goes this way',
  undeclared: 'was emitted, though the config of the step does not declare it',
  change: 'runs when this changes',
}

const TopicEdge = memo(function TopicEdge(props: EdgeProps<FlowEdge>) {
  const { sourceX, sourceY, targetX, targetY, data, markerEnd } = props
  if (data === undefined) return null
  const { edge, route } = data
  const { path, middle } = pathOf({ x: sourceX, y: sourceY }, { x: targetX, y: targetY }, edge, route)
  return (
    <>
      <BaseEdge path={path} markerEnd={markerEnd ?? ''} className={`flow-edge is-${edge.kind}`} interactionWidth={12} />
      {edge.step === '' ? <Label edge={edge} at={middle} count={0} /> : <Counted edge={edge} path={path} at={middle} />}
    </>
  )
})

/** The label with how often it happened, and a pulse along the edge when it happens. */
function Counted({ edge, path, at }: { edge: GraphEdge; path: string; at: Point }) {
  const isCounted = edge.kind !== 'virtual'
  const count = useEmitted(edge.step, edge.topic)
  // Counts that come while a pulse is on its way are not lost: the next one starts when it has arrived.
  const [shown, setShown] = useState({ count, isOn: false })
  if (isCounted && !shown.isOn && count !== shown.count) setShown({ count, isOn: hasHappened(shown.count, count) })
  return (
    <>
      {isCounted && shown.isOn && (
        <path d={path} pathLength={1} className="flow-pulse" aria-hidden onAnimationEnd={() => setShown((now) => ({ ...now, isOn: false }))} />
      )}
      <Label edge={edge} at={at} count={isCounted ? count : 0} />
    </>
  )
}

function Label({ edge, at, count }: { edge: GraphEdge; at: Point; count: number }) {
  const { kind, label, topic, isConditional } = edge
  return (
    <EdgeLabelRenderer>
      <div
        style={{ transform: `translate(-50%, -50%) translate(${at.x}px, ${at.y + (kind === 'undeclared' ? BELOW : 0)}px)` }}
        className={classes('flow-label nopan', `is-${kind}`)}
        title={[topic, MEANINGS[kind], isConditional && 'not always'].filter(Boolean).join(' · ')}
      >
        {isConditional && <span className="rounded-sm bg-noop-soft px-1 text-noop">if</span>}
        {kind === 'undeclared' && <span className="rounded-sm bg-warn-soft px-1 text-warn">undeclared</span>}
        <span className="min-w-0 truncate">{label || topic}</span>
        {count > 0 && <span className="tabular font-semibold text-ink">{formatCount(count)}</span>}
      </div>
    </EdgeLabelRenderer>
  )
}

export const edgeTypes: EdgeTypes = { topic: TopicEdge }
