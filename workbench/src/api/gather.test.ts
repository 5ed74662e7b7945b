import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Gather } from './gather.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the first passes at once, what follows comes together', () => {
  const passed: number[][] = []
  const gather = new Gather<number>((all) => passed.push(all))
  gather.add([1])
  gather.add([2])
  gather.add([3, 4])
  expect(passed).toEqual([[1]])
  vi.runAllTimers()
  expect(passed).toEqual([[1], [2, 3, 4]])
  gather.add([5])
  expect(passed.at(-1)).toEqual([5])
})

test('after the stop nothing passes', () => {
  const pass = vi.fn()
  const gather = new Gather<number>(pass)
  gather.add([1])
  gather.add([2])
  gather.stop()
  vi.runAllTimers()
  expect(pass).toHaveBeenCalledTimes(1)
})
