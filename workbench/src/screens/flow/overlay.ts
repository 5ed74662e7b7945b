import type { EdgeTotals, Queue, StepTotals } from '../../api/types.ts'
import type { Emitted } from './graph.ts'

export interface QueueDepth {
  /** Events that wait, also for a later attempt or their delay. */
  waiting: number
  dead: number
  isPaused: boolean
  isFifo: boolean
}

const NO_SEEN: readonly Emitted[] = []

/** The numbers that lie over the graph, outside of React: who shows one hears of it, and nothing else is drawn again. */
export class Overlay {
  private readonly steps = new Map<string, StepTotals>()
  private readonly edges = new Map<string, number>()
  private readonly queues = new Map<string, QueueDepth>()
  private readonly faults = new Map<string, string>()
  private emitted: readonly Emitted[] = NO_SEEN
  private readonly watchers = new Set<() => void>()

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

  /** Totals of a step since the runtime has started; undefined when it never ran. */
  step = (name: string): StepTotals | undefined => this.steps.get(name)

  /** How often a step has emitted to a topic. */
  count = ({ step, topic }: Emitted): number => this.edges.get(keyOf(step, topic)) ?? 0

  /** The queues of a step, taken together; undefined without any. */
  queue = (name: string): QueueDepth | undefined => this.queues.get(name)

  /** What was emitted by whom; the same list until there is something new. */
  readonly seen = (): readonly Emitted[] => this.emitted

  /** Why the custom node of a file is not shown; empty when it is. */
  fault = (file: string): string => this.faults.get(file) ?? ''

  addSteps(totals: readonly StepTotals[]): void {
    for (const each of totals) this.steps.set(each.step, each)
    this.tell()
  }

  addEdges(totals: readonly EdgeTotals[]): void {
    const added = totals.filter(({ step, topic }) => !this.edges.has(keyOf(step, topic)))
    for (const { step, topic, count } of totals) this.edges.set(keyOf(step, topic), count)
    if (added.length > 0) this.emitted = [...this.emitted, ...added.map(({ step, topic }) => ({ step, topic }))]
    this.tell()
  }

  setQueues(queues: readonly Queue[]): void {
    const all = Map.groupBy(queues, ({ step }) => step)
    for (const name of this.queues.keys()) if (!all.has(name)) this.queues.delete(name)
    for (const [name, own] of all) {
      const depth = depthOf(own)
      if (JSON.stringify(this.queues.get(name)) !== JSON.stringify(depth)) this.queues.set(name, depth)
    }
    this.tell()
  }

  readonly setFault = (file: string, fault: string): void => {
    if (this.fault(file) === fault) return
    this.faults.set(file, fault)
    this.tell()
  }

  /** Forgets all counts: the runtime has been away, and may have begun anew. */
  clear(): void {
    this.steps.clear()
    this.edges.clear()
    this.emitted = NO_SEEN
    this.tell()
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher()
  }
}

function keyOf(step: string, topic: string): string {
  return JSON.stringify([step, topic])
}

function depthOf(queues: readonly Queue[]): QueueDepth {
  return {
    waiting: queues.reduce((sum, { waiting, delayed }) => sum + waiting + delayed, 0),
    dead: queues.reduce((sum, { dead }) => sum + dead, 0),
    isPaused: queues.some(({ paused }) => paused),
    isFifo: queues.some(({ policy }) => policy?.type === 'fifo'),
  }
}

/** Whether a count that was `before` has grown by something that happened just now; unknown ones may come from long ago. */
export function hasHappened(before: number, now: number): boolean {
  return now > before && (before > 0 || now === 1)
}
