import { expect, test } from 'vitest'

import type { QueueContents, QueuePolicy, WaitingEvent } from '../../api/types.ts'
import { policyText, progressOf, progressText, redrivenText, standOf, type Redriven } from './words.ts'

const backoff = { delay: 1, factor: 2, max: 60, jitter: 0 }
const policy: QueuePolicy = { type: 'standard', concurrency: 10, maxRetries: 3, delaySeconds: 0, backoff }

test('a policy in words', () => {
  expect(policyText(policy)).toBe(
    'in any order · 10 at once · up to 3 retries, after 1 s, then 2 times longer each, at most 1m 00s',
  )
  const fifo: QueuePolicy = { ...policy, type: 'fifo', delaySeconds: 2.5, maxRetries: 1, backoff: { ...backoff, jitter: 1 } }
  expect(policyText(fifo)).toBe(
    'in order within each group · 10 at once · each waits 2.5 s first · one retry, after 1 s, spread at random',
  )
  expect(policyText({ ...policy, maxRetries: 0 })).toBe('in any order · 10 at once · no retries')
})

const target = { topic: 'paid', step: 'Ship', kind: 'event' } as const
const redriven: Redriven = { at: 0, count: 3, moved: 0, target, isElsewhere: false, eventIds: ['a', 'b', 'c'] }

test('what a redrive has done in words', () => {
  expect(redrivenText(redriven)).toBe('3 dead letters are events again.')
  expect(redrivenText({ ...redriven, count: 1, moved: 2, isElsewhere: true })).toBe(
    '1 dead letter is an event in the queue of Ship (paid), and 2 events moved along.',
  )
})

function event(eventId: string, more: Partial<WaitingEvent> = {}): WaitingEvent {
  const created = '2026-05-06T03:04:00.000+00:00'
  const held = { id: 1, eventId, traceId: '', created, messageGroupId: null, priority: 0, data: null, attempts: [] }
  return { ...held, attempt: 1, taken: null, ...more }
}

function contents(events: string[], dead: string[]): QueueContents {
  const counts = { waiting: events.length, delayed: 0, inFlight: 0, dead: dead.length }
  const rest = { oldest: null, age: null, paused: false, orphan: false, policy }
  const deadLetters = dead.map((id) => ({ ...event(id), buried: '' }))
  return { ...target, ...counts, ...rest, events: events.map((id) => event(id)), deadLetters }
}

test('what has come of redriven letters', () => {
  const progress = progressOf(redriven, contents(['a', 'x'], ['b']))
  expect(progress).toEqual({ handled: 1, waiting: 1, dead: 1 })
  expect(progress && progressText(progress)).toBe('1 handled, 1 on the way, 1 died again')
})

test('nothing is said of letters that cannot all be seen', () => {
  expect(progressOf(redriven, { ...contents(['a'], []), dead: 5 })).toBeNull()
  expect(progressOf({ ...redriven, count: 9 }, contents([], []))).toBeNull()
})

test('an event waits, is in flight, or waits for its retry', () => {
  const taken = '2026-05-06T03:04:05.000+00:00'
  const failure = { kind: 'handler', type: 'E', message: '', stack: '', frames: [], cause: null }
  const attempts = [{ number: 1, began: taken, ended: taken, failure }]
  const later = '2026-05-06T03:04:09.000+00:00'
  expect([event('a'), event('a', { taken }), event('a', { taken, attempts }), event('a', { taken: later, attempts })].map(standOf)).toEqual([
    'waiting',
    'in flight',
    'retry',
    'in flight',
  ])
})
