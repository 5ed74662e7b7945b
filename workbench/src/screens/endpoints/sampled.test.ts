import { expect, test } from 'vitest'

import { sampled } from './sampled.ts'

test('a request asks for its own trace to be kept, each for another one', () => {
  const [one, other] = [sampled([['accept', '*/*']]), sampled([])]
  expect(one[0]).toEqual(['accept', '*/*'])
  expect(one[1]?.[0]).toBe('traceparent')
  expect(one[1]?.[1]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  expect(other[0]?.[1]).not.toBe(one[1]?.[1])
})

test('the trace that a person has named stays', () => {
  const written: [string, string][] = [['Traceparent', 'mine']]
  expect(sampled(written)).toEqual(written)
})
