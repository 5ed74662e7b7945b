import { expect, test } from 'vitest'

import type { Failure, Span, Trace, TraceSummary } from '../../../api/types.ts'
import { framesOf, ownRuns, runsWith, SHOWN, spanOf } from './runs.ts'

function run(traceId: string, rest: Partial<TraceSummary> = {}): TraceSummary {
  return { traceId, name: 't', kind: 'event', step: 'a', steps: ['a'], began: traceId, seconds: 1, status: 'ok', spans: 1, failed: 0, httpStatus: null, repeats: null, error: null, ...rest }
}

test('the newest come first, whatever became of them; a changed one takes its place', () => {
  const known = [run('1'), run('3'), run('2', { status: 'running' })]
  const changed = [run('2', { status: 'failed' }), run('4'), run('5', { steps: ['b'] })]
  expect(runsWith(known, changed, 'a').map(({ traceId }) => traceId)).toEqual(['4', '3', '2', '1'])
})

test('no more are kept than shown', () => {
  const many = Array.from({ length: 40 }, (_, at) => run(String(at).padStart(2, '0')))
  expect(runsWith(many, [], 'a')).toHaveLength(SHOWN)
})

const failure = (file: string, line: number, cause: Failure | null = null): Failure => ({
  kind: 'handler', type: 'Error', message: 'm', stack: '', frames: [{ file, line, column: 1, function: 'f' }], cause,
})
const span = (rest: Partial<Span>): Span => ({ step: 'a', status: 'ok', failure: null, attempt: 1, ...rest }) as Span

test('of a step its last failed attempt says most, else its last', () => {
  const failed = span({ status: 'failed', attempt: 2 })
  const list = [span({ status: 'failed' }), failed, span({ attempt: 3 }), span({ step: 'b', status: 'failed' })]
  const trace = (spanList: Span[]): Trace => ({ ...run('1'), spanList, logs: [], lostLogs: 0, lostSpans: 0 })
  expect(spanOf(trace(list), 'a')).toBe(failed)
  expect(spanOf(trace([span({}), span({ attempt: 2 })]), 'a')?.attempt).toBe(2)
  expect(spanOf(trace(list), 'c')).toBeNull()
})

const moment = '2026-01-31T12:00:00.000+00:00'
const own = (...list: Span[]) => ownRuns({ ...run('1', { began: moment, status: 'failed', error: 'of another' }), spanList: list, logs: [], lostLogs: 0, lostSpans: 0 }, 'a')

test('a step that did well is not blamed for another that has failed in the trace', () => {
  const mine = own(span({ offset: 1, seconds: 0.5, httpStatus: 200 }), span({ step: 'b', status: 'failed', failure: failure('b.ts', 1) }))
  expect(mine).toEqual({ runs: 1, status: 'ok', httpStatus: 200, began: '2026-01-31T12:00:01.000Z', seconds: 0.5, error: null })
  expect(own(span({ step: 'b' }))).toBeNull()
})

test('an attempt that is tried again is no end', () => {
  const first = span({ offset: 0, seconds: 1, status: 'failed', then: 'retry', failure: failure('a.ts', 1) })
  const status = (...list: Span[]) => own(...list)?.status
  expect(status(first)).toBe('running')
  expect(status(first, span({ offset: 1, seconds: null, status: 'running', then: null }))).toBe('running')
  expect(own(first, span({ offset: 1, seconds: 1, then: null }))).toMatchObject({ runs: 1, status: 'ok', seconds: 2, error: null })
  expect(own(first, span({ offset: 1, seconds: 1, status: 'failed', then: 'dead', failure: failure('a.ts', 1) }))).toMatchObject({ status: 'failed', error: 'm' })
})

test('frames of what caused it follow, each place once', () => {
  const shown = framesOf(span({ failure: failure('a.ts', 3, failure('b.ts', 4, failure('a.ts', 3))) }))
  expect(shown.map(({ file, line }) => `${file}:${line}`)).toEqual(['a.ts:3', 'b.ts:4'])
})
