import { expect, test } from 'vitest'

import { log } from '../../../test/examples.ts'
import { MOST, shiftOf, windowFrom, windowOf, withNewer, withNext, withOlder } from './window.ts'

/** Lines with the ids from `first` to `last`. */
const lines = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => log({ id: first + at }))
const page = (first: number, last: number) => lines(first, last).toReversed()
const ends = (window: ReturnType<typeof windowOf>) => [window.lines[0]?.id, window.lines.at(-1)?.id]

test('new lines go on at the end, each once', () => {
  const window = withNewer(windowOf(page(1, 5), false), lines(4, 8), true)
  expect(window.lines.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(window.unseen).toBe(0)
})

test('who reads is told how many came', () => {
  const window = withNewer(withNewer(windowOf(page(1, 5), true), lines(6, 7), false), lines(8, 8), false)
  expect(window.unseen).toBe(3)
  expect(ends(window)).toEqual([1, 8])
})

test('who follows a full window loses the oldest lines, and can have them again', () => {
  const window = withNewer(windowOf(page(1, MOST), false), lines(MOST + 1, MOST + 10), true)
  expect(ends(window)).toEqual([11, MOST + 10])
  expect(window).toMatchObject({ hasOlder: true, isAtEnd: true })
})

test('who reads a full window loses nothing of it; what comes is only counted', () => {
  const full = windowOf(page(1, MOST), false)
  const window = withNewer(withNewer(full, lines(MOST + 1, MOST + 10), false), lines(MOST + 11, MOST + 15), false)
  expect(ends(window)).toEqual([1, MOST])
  expect(window).toMatchObject({ isAtEnd: false, unseen: 15 })
})

test('reading far back lets go of the newest lines', () => {
  let window = windowOf(page(100_001, 100_500), true)
  for (let first = 99_501; first > 70_000; first -= 500) window = withOlder(window, page(first, first + 499), true)
  expect(window.lines).toHaveLength(MOST)
  expect(window).toMatchObject({ isAtEnd: false, hasOlder: true })
  expect(window.lines.every(({ id }, at) => id === (window.lines[0]?.id ?? 0) + at)).toBe(true)
})

test('from a time on one reads on to the end, where news go on', () => {
  const begun = windowFrom(lines(101, 600), false)
  expect(begun).toMatchObject({ hasOlder: true, isAtEnd: false })
  const counted = withNewer(begun, lines(900, 902), false)
  expect(counted.unseen).toBe(3)
  const whole = withNext(counted, lines(601, 902), true)
  expect(ends(whole)).toEqual([101, 902])
  expect(whole).toMatchObject({ isAtEnd: true, unseen: 0 })
  expect(ends(withNewer(whole, lines(903, 904), true))).toEqual([101, 904])
})

test('reading far on lets go of the oldest lines, which can be had again', () => {
  let window = windowFrom(lines(1, 500), false)
  for (let first = 501; first < 30_000; first += 500) window = withNext(window, lines(first, first + 499), false)
  expect(window.lines).toHaveLength(MOST)
  expect(window).toMatchObject({ isAtEnd: false, hasOlder: true })
  const [first, last] = ends(window) as [number, number]
  window = withOlder(window, page(first - 500, first - 1), true)
  expect(ends(window)).toEqual([first - 500, last - 500])
  expect(window.isAtEnd).toBe(false)
})

test('what is in sight can be kept in its place', () => {
  expect(shiftOf(lines(11, 20), lines(1, 20))).toBe(10)
  expect(shiftOf(lines(1, 20), lines(4, 23))).toBe(-3)
  expect(shiftOf(lines(1, 20), lines(1, 30))).toBe(0)
  expect(shiftOf([], lines(1, 3))).toBe(0)
})
