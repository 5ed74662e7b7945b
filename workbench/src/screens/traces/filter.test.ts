import { expect, test } from 'vitest'

import { summary } from '../../../test/examples.ts'
import { filterOf, fits, sinceOf } from './filter.ts'

const NOW = Date.parse('2026-01-31T12:34:56.789Z')
const none = new Set<string>()

test('the address says what is asked for, and leaves out what is open', () => {
  expect(filterOf({ status: 'failed', kind: '', text: 'x', span: 's', time: '1h' }, NOW)).toEqual({
    status: 'failed',
    text: 'x',
    since: '2026-01-31T11:34:00.000Z',
  })
})

test('a period begins at a whole minute, so that one question stays the same for a while', () => {
  expect(sinceOf('5m', NOW)).toBe(sinceOf('5m', NOW + 2000))
  expect(sinceOf('', NOW)).toBeUndefined()
})

test.each([
  [{ status: 'ok' }, true],
  [{ status: 'failed' }, false],
  [{ kind: 'cron' }, false],
  [{ step: 'ScoreOrder' }, true],
  [{ step: 'Score' }, false],
  [{ text: 'SCORE' }, true],
  [{ text: 'aaaa' }, true],
  [{ text: 'nothing' }, false],
  [{ since: '2026-01-31T12:00:00.000Z' }, false],
  [{ until: '2026-01-31T12:00:00.000Z' }, true],
  [{ until: '2026-01-31T11:59:59.000Z' }, false],
  [{ flow: 'orders' }, true],
  [{}, true],
])('a trace that has changed is judged by %o as the runtime would', (filter, is) => {
  const trace = summary({ steps: ['CreateOrder', 'ScoreOrder'], began: '2026-01-31T11:59:59.000+00:00' })
  expect(fits(trace, filter, new Set(['ScoreOrder']))).toBe(is)
})

test('no trace is of a flow that has no steps', () => {
  expect(fits(summary(), { flow: 'gone' }, none)).toBe(false)
})
