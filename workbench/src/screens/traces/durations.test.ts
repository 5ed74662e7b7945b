import { expect, test } from 'vitest'

import { summary } from '../../../test/examples.ts'
import { longestOf, shareOf } from './durations.ts'
import { shownStatus } from './shownStatus.ts'

test('bars grow with the duration, and each can be seen', () => {
  const shares = [0, 0.001, 0.1, 10, 60].map((seconds) => shareOf(seconds, 60))
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  expect(shares[0]).toBeGreaterThan(0)
  expect(shares.at(-1)).toBe(1)
  expect(longestOf([summary({ seconds: null }), summary({ seconds: 3 })])).toBe(3)
})

test('a success after which something failed does not look like a status that failed', () => {
  expect(shownStatus({ status: 'failed', httpStatus: 202 })).toBeNull()
  expect(shownStatus({ status: 'failed', httpStatus: 500 })).toBe(500)
  expect(shownStatus({ status: 'ok', httpStatus: 404 })).toBe(404)
  expect(shownStatus({ status: 'running', httpStatus: 200 })).toBeNull()
})
