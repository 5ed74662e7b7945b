import type { GraphNode } from './graph.ts'
import { triggerText } from './sizes.ts'

/** Nodes in whose name, file, description, triggers or topics a text occurs; null for no text. */
export function foundIn(nodes: readonly GraphNode[], text: string): ReadonlySet<string> | null {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return null
  return new Set(nodes.filter((node) => textOf(node).toLowerCase().includes(wanted)).map(({ id }) => id))
}

function textOf(node: GraphNode): string {
  if (node.kind !== 'step') return node.name
  const { name, file, description, triggers, emits, virtualEmits, virtualSubscribes } = node.step
  const topics = [...emits, ...virtualEmits, ...virtualSubscribes].map(({ topic }) => topic)
  return [name, file, description, ...triggers.map(triggerText), ...topics].join('\n')
}
