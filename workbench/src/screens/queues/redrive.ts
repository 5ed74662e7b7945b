import type { Json, Queue, QueueAddress } from '../../api/types.ts'
import { nameOf } from './address.ts'

/** The queues that can take over a queue's events: of the same kind, with a step; those of the same topic first. */
export function targetsOf(queue: Queue, queues: readonly Queue[]): QueueAddress[] {
  const own = nameOf(queue)
  const fit = queues.filter((each) => each.kind === queue.kind && !each.orphan && nameOf(each) !== own)
  return fit.toSorted((one, other) => Number(other.topic === queue.topic) - Number(one.topic === queue.topic))
}

export function nameOfTarget({ topic, step }: QueueAddress): string {
  return JSON.stringify([topic, step])
}

interface Choice {
  /** Null for all. */
  ids: number[] | null
  data: Json | undefined
  target: QueueAddress | undefined
}

/** What the control API is asked for. */
export function bodyOf({ ids, data, target }: Choice): Json {
  return {
    ...(ids === null ? { all: true } : { ids }),
    ...(data === undefined ? {} : { data }),
    ...(target === undefined ? {} : { target: { topic: target.topic, step: target.step } }),
  }
}
