import { Handle, Position, type Node, type NodeProps, type NodeTypes } from '@xyflow/react'
import { lazy, memo, Suspense, useEffect, useRef, type ReactNode } from 'react'

import type { Step } from '../../api/types.ts'
import { classes } from '../../components/classes.ts'
import type { GraphNode, SourceNode } from './graph.ts'
import { lookOf } from './kinds.ts'
import { sizeOf, triggerText } from './sizes.ts'
import { StepCard } from './StepCard.tsx'
import { overlay } from './useOverlay.ts'

const CustomNode = lazy(() => import('../../nodes/CustomNode.tsx'))

export interface NodeData extends Record<string, unknown> {
  node: GraphNode
  /** It is the one that arrow keys start from. */
  isCurrent: boolean
  /** Its panel is open. */
  isOpen: boolean
  /** The search does not find it. */
  isDim: boolean
}

export type FlowNode = Node<NodeData>

/** A node by what it stands for; the focus follows the arrow keys. */
const StepOrSource = memo(function StepOrSource({ data }: NodeProps<FlowNode>) {
  const { node, isCurrent, isOpen, isDim } = data
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const own = box.current
    // Only from node to node: a search, or the panel, keeps the focus that it has.
    if (isCurrent && own !== null && document.activeElement?.closest('.react-flow')) own.focus({ preventScroll: true })
  }, [isCurrent])
  return (
    <div
      ref={box}
      role="group"
      aria-roledescription={node.kind === 'step' ? 'step' : node.kind}
      aria-label={labelOf(node)}
      aria-current={isOpen || undefined}
      data-node={node.id}
      tabIndex={isCurrent ? 0 : -1}
      className={classes('flow-node h-full w-full', isOpen && 'is-open', isDim && 'is-dim')}
    >
      <Content node={node} />
      {/* Last, so that handles of a custom node come before. */}
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  )
})

function Content({ node }: { node: GraphNode }): ReactNode {
  if (node.kind !== 'step') return <SourceCard node={node} />
  const { step } = node
  if (step.node === null) return <StepCard step={step} />
  // The node around it is as large as its content, so this one brings its size.
  const plain = (fault: string): ReactNode => (
    <div style={sizeOf(node)}>
      <StepCard step={step} fault={fault} />
    </div>
  )
  return (
    <Suspense fallback={plain('')}>
      <CustomNode step={step} file={step.node} onFault={overlay.setFault} fallback={plain} />
    </Suspense>
  )
}

function SourceCard({ node: { kind, name } }: { node: SourceNode }) {
  const { icon: Icon, tone } = lookOf(kind)
  return (
    <div className={classes('flex h-full items-center justify-center gap-1.5 rounded-full border border-current px-3', tone)} title={`${kind} ${name}`}>
      <Icon size={13} aria-hidden className="shrink-0" />
      <span className="truncate font-medium">{name}</span>
    </div>
  )
}

/** A node in words. */
function labelOf(node: GraphNode): string {
  if (node.kind !== 'step') return `${node.kind} ${node.name}`
  return wordsOf(node.step)
}

function wordsOf({ name, type, triggers, description }: Step): string {
  return [`${name}, ${type}`, ...triggers.map(triggerText), description].filter(Boolean).join(', ')
}

export const nodeTypes: NodeTypes = { own: StepOrSource }
