import { expect, test, vi } from 'vitest'

import { hasHappened, Overlay } from './overlay.ts'
import type { Queue } from '../../api/types.ts'

const queue: Queue = { topic: 't', step: 'a', kind: 'event', waiting: 2, delayed: 1, inFlight: 0, dead: 0, oldest: null, age: null, paused: false, orphan: false, policy: null }

test('queues of a step are taken together, and stay the same while their numbers do', () => {
  const overlay = new Overlay()
  overlay.setQueues([queue, { ...queue, topic: 'u', dead: 4 }])
  const before = overlay.queue('a')
  expect(before).toEqual({ waiting: 6, dead: 4, isPaused: false, isFifo: false })
  overlay.setQueues([{ ...queue, age: 5 }, { ...queue, topic: 'u', dead: 4 }])
  expect(overlay.queue('a')).toBe(before)
  overlay.setQueues([])
  expect(overlay.queue('a')).toBeUndefined()
})

test('what was seen is another list only when there is something new', () => {
  const overlay = new Overlay()
  overlay.addEdges([{ step: 'a', topic: 't', count: 1 }])
  const before = overlay.seen()
  overlay.addEdges([{ step: 'a', topic: 't', count: 2 }])
  expect(overlay.seen()).toBe(before)
  expect(overlay.count({ step: 'a', topic: 't' })).toBe(2)
  overlay.addEdges([{ step: 'a', topic: 'u', count: 1 }])
  expect(overlay.seen()).toHaveLength(2)
})

test('those who watch hear of changes, and after a gap all counts begin anew', () => {
  const overlay = new Overlay()
  const watcher = vi.fn()
  const leave = overlay.watch(watcher)
  overlay.addSteps([{ step: 'a', running: 1, runs: 2, failed: 0 }])
  overlay.clear()
  leave()
  overlay.addSteps([{ step: 'b', running: 0, runs: 1, failed: 0 }])
  expect(watcher).toHaveBeenCalledTimes(2)
  expect(overlay.step('a')).toBeUndefined()
})

test.each([
  [0, 1, true],
  [0, 12, false],
  [3, 5, true],
  [5, 1, false],
  [1, 1, false],
])('from %d to %d something happened: %s', (before, now, happened) => {
  expect(hasHappened(before, now)).toBe(happened)
})
