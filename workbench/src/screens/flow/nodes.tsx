import { Handle, Position, type Node, type NodeProps, type NodeTypes } from '@xyflow/react'
import { TriangleAlert } from 'lucide-react'
import { lazy, memo, Suspense, useEffect, useRef, type ReactNode } from 'react'

import type { Step } from '../../api/types.ts'
import { classes } from '../../components/classes.ts'
import { serveFocus } from './focus.ts'
import type { GraphNode, SourceNode } from './graph.ts'
import { lookOf } from './kinds.ts'
import { sizeOf, triggerText } from './sizes.ts'
import { StepCard } from './StepCard.tsx'
import type { Trouble } from './trouble.ts'
import { overlay } from './useOverlay.ts'

const CustomNode = lazy(() => import('../../nodes/CustomNode.tsx'))

export interface NodeData extends Record<string, unknown> {
  node: GraphNode
  /** It is the one that keys start from. */
  isCurrent: boolean
  /** The ask for the focus that it is to serve; 0 for none. */
  focus: number
  /** Its panel is open. */
  isOpen: boolean
  /** The search does not find it. */
  isDim: boolean
  /** What is wrong with its files; null when nothing is. */
  trouble: Trouble | null
}

export type FlowNode = Node<NodeData>

/** A node by what it stands for; the focus follows the keys. */
const StepOrSource = memo(function StepOrSource({ data }: NodeProps<FlowNode>) {
  const { node, isCurrent, focus, isOpen, isDim, trouble } = data
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (box.current !== null) serveFocus(focus, box.current)
  }, [focus])
  return (
    <div
      ref={box}
      role="group"
      aria-roledescription={node.kind === 'step' ? 'step' : node.kind}
      aria-label={[labelOf(node), trouble?.text].filter(Boolean).join(', ')}
      aria-current={isOpen || undefined}
      data-node={node.id}
      tabIndex={0}
      className={classes(
        'flow-node h-full w-full',
        isCurrent && 'is-current',
        isOpen && 'is-open',
        isDim && 'is-dim',
        trouble !== null && (trouble.isError ? 'has-error' : 'has-warning'),
      )}
    >
      <Content node={node} />
      {trouble !== null && <TroubleMark trouble={trouble} />}
      {/* Last, so that handles of a custom node come before. */}
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  )
})

/** Over the corner, so that it is seen on boxes that the project draws as well. */
function TroubleMark({ trouble: { isError, text } }: { trouble: Trouble }) {
  return (
    <span className="flow-trouble" title={text}>
      <TriangleAlert size={11} aria-hidden />
      {isError ? 'Error' : 'Warning'}
    </span>
  )
}

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
