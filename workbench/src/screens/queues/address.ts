import { places } from '../../app/places.ts'
import type { Route } from '../../app/route.ts'
import type { Kind, Queue, QueueAddress } from '../../api/types.ts'

const KINDS: readonly string[] = ['api', 'event', 'cron', 'state', 'stream'] satisfies Kind[]

/** Tells a queue from every other, as one text. */
export function nameOf({ kind, topic, step }: QueueAddress): string {
  return JSON.stringify([kind, topic, step])
}

/** The queue that a route leads to; null without one. */
export function queueOf({ path, query }: Route): QueueAddress | null {
  const [step] = path
  if (step === undefined) return null
  const { kind = '', topic = '' } = query
  return { step, topic, kind: KINDS.includes(kind) ? (kind as Kind) : 'event' }
}

/** The place of a queue or its dead letter, with the filter and the order that the list has. */
export function placeOf(queue: QueueAddress | null, { query }: Route, dead = ''): Pick<Route, 'screen' | 'path' | 'query'> {
  const { filter = '', sort = '' } = query
  const place = queue === null ? places.screen('queues') : places.queue(queue, dead)
  return { ...place, query: { ...place.query, filter, sort } }
}

/** The queues in whose topic, step or kind all words occur; `paused`, `orphan` and `dead` find those that are. */
export function filtered(queues: readonly Queue[], filter: string): readonly Queue[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return queues
  return queues.filter((queue) => {
    const text = textOf(queue)
    return words.every((word) => text.includes(word))
  })
}

function textOf({ topic, step, kind, paused, orphan, dead }: Queue): string {
  const states = [paused && 'paused', orphan && 'orphan', dead > 0 && 'dead'].filter(Boolean)
  return [topic, step, kind, ...states].join(' ').toLowerCase()
}
