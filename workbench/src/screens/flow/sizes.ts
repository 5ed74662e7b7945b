import type { Step, Trigger } from '../../api/types.ts'
import type { GraphNode } from './graph.ts'
import type { Size } from './layout.ts'

/** Shown on a node at most; the panel has the others. */
export const MOST_TRIGGERS = 3
const WIDTH = 272
const HEAD = 34
const LINE = 18
/** Of a description so many letters are sure to stand in one line; two lines are shown. */
const LETTERS = 38
const PADDING = 8
const FOOT = 25
const SOURCE: Size = { width: 180, height: 34 }

/** How large a node is; known beforehand, so that nothing has to be measured, nor moves when numbers change. */
export function sizeOf(node: GraphNode): Size {
  if (node.kind !== 'step') return SOURCE
  const { step } = node
  const lines = linesOf(step)
  const body = lines === 0 ? 0 : lines * LINE + PADDING
  return { width: WIDTH, height: HEAD + body + (runs(step) ? FOOT : 0) + 2 }
}

function linesOf({ description, triggers }: Step): number {
  return linesOfDescription(description) + Math.min(triggers.length, MOST_TRIGGERS) + (triggers.length > MOST_TRIGGERS ? 1 : 0)
}

/** In how many lines a description is shown. */
export function linesOfDescription(description: string): 0 | 1 | 2 {
  if (description === '') return 0
  return description.length <= LETTERS ? 1 : 2
}

/** Whether a step has code that can run. */
export function runs({ type }: Pick<Step, 'type'>): boolean {
  return type !== 'noop'
}

/** What makes a step run, in one line. */
export function triggerText(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'api':
      return `${trigger.method} ${trigger.path}`
    case 'event':
      return trigger.topic
    case 'cron':
      return trigger.timezone === '' ? trigger.expression : `${trigger.expression} ${trigger.timezone}`
    case 'state':
      return `${place(trigger.group, trigger.key)}: ${trigger.on.join(', ')}`
    case 'stream':
      return `${place(trigger.stream, trigger.group, trigger.id)}: ${trigger.on.join(', ')}`
  }
}

/** Parts of a place; those that are left open stand for any. */
function place(...parts: string[]): string {
  return parts.map((part) => part || '*').join('/').replace(/(\/\*)+$/, '')
}
