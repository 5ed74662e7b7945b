import type { Queue, QueueAddress, QueueContents, QueuePolicy, WaitingEvent } from '../../api/types.ts'
import { counted, formatCount } from '../../format/count.ts'
import { formatDuration } from '../../format/duration.ts'

/** How a queue behaves: `10 at once · up to 3 retries, after 1 s, then 2 times longer each, at most 60 s`. */
export function policyText({ type, concurrency, maxRetries, delaySeconds, backoff }: QueuePolicy): string {
  const order = type === 'fifo' ? 'in order within each group' : 'in any order'
  const delay = delaySeconds > 0 ? [`each waits ${seconds(delaySeconds)} first`] : []
  return [order, `${formatCount(concurrency)} at once`, ...delay, retriesText(maxRetries, backoff)].join(' · ')
}

function retriesText(most: number, { delay, factor, max, jitter }: QueuePolicy['backoff']): string {
  if (most === 0) return 'no retries'
  const retries = most === 1 ? 'one retry' : `up to ${formatCount(most)} retries`
  const isSteady = factor === 1 || most === 1
  const growth = isSteady ? '' : `, then ${factor} times longer each, at most ${seconds(max)}`
  const spread = typeof jitter === 'number' && jitter > 0 ? ', spread at random' : ''
  return `${retries}, after ${seconds(delay)}${growth}${spread}`
}

/** Whole seconds without the hundredths that a measured time has. */
function seconds(value: number): string {
  return value >= 1 && value < 60 ? `${Number(value.toFixed(2))} s` : formatDuration(value)
}

/** What a queue is called: its topic and step, or the schedule, state or stream that its step watches. */
export function describe({ topic, step, kind }: QueueAddress): string {
  if (kind === 'cron') return `the schedule of ${step}`
  return topic === '' ? step : `${step} (${topic})`
}

/** What was redriven, and where to. */
export interface Redriven {
  /** When it was done; what was read of a queue before says nothing of it. In milliseconds since 1970. */
  at: number
  count: number
  /** Events that went along to the other step. */
  moved: number
  target: QueueAddress
  isElsewhere: boolean
  /** Of the letters, as far as they are known. */
  eventIds: readonly string[]
}

export function redrivenText({ count, moved, target, isElsewhere }: Redriven): string {
  const where = isElsewhere ? `in the queue of ${describe(target)}` : 'again'
  const letters = `${counted(count, 'dead letter')} ${count === 1 ? 'is an event' : 'are events'} ${where}`
  return moved === 0 ? `${letters}.` : `${letters}, and ${counted(moved, 'event')} moved along.`
}

/** What has come of redriven letters so far. */
export interface Progress {
  handled: number
  waiting: number
  dead: number
}

/** Read from the queue where they went; null where not all of it is known, so that nothing can be said. */
export function progressOf({ eventIds, count }: Redriven, contents: QueueContents): Progress | null {
  const { events, deadLetters, waiting, delayed, inFlight, dead } = contents
  const isKnown = events.length >= waiting + delayed + inFlight && deadLetters.length >= dead
  if (!isKnown || eventIds.length !== count || count === 0) return null
  const [here, buried] = [events, deadLetters].map((held) => new Set(held.map(({ eventId }) => eventId)))
  const waits = eventIds.filter((id) => here?.has(id)).length
  const died = eventIds.filter((id) => !here?.has(id) && buried?.has(id)).length
  return { handled: count - waits - died, waiting: waits, dead: died }
}

export function progressText({ handled, waiting, dead }: Progress): string {
  const parts = [
    handled > 0 && `${formatCount(handled)} handled`,
    waiting > 0 && `${formatCount(waiting)} on the way`,
    dead > 0 && `${formatCount(dead)} died again`,
  ]
  return parts.filter(Boolean).join(', ')
}

/** How an event of a queue stands; one that waits for its retry still has the time at which it was taken before. */
export function standOf({ taken, attempts }: WaitingEvent): 'waiting' | 'in flight' | 'retry' {
  const last = attempts.at(-1)
  if (taken !== null && (last === undefined || Date.parse(taken) > Date.parse(last.began))) return 'in flight'
  return last === undefined ? 'waiting' : 'retry'
}

/** How many events a queue holds, dead letters left out. */
export function heldBy({ waiting, delayed, inFlight }: Queue): number {
  return waiting + delayed + inFlight
}
