import { expect, test } from 'vitest'

import type { Failure, Span, Trace, TraceSummary } from '../../../api/types.ts'
import { framesOf, runsWith, SHOWN, spanOf } from './runs.ts'

function run(traceId: string, rest: Partial<TraceSummary> = {}): TraceSummary {
  return { traceId, name: 't', kind: 'event', step: 'a', steps: ['a'], began: traceId, seconds: 1, status: 'ok', spans: 1, failed: 0, httpStatus: null, repeats: null, error: null, ...rest }
}

test('failed runs come first, then the newest; a changed one takes its place', () => {
  const known = [run('1'), run('3'), run('2', { status: 'running' })]
  const changed = [run('2', { status: 'failed' }), run('4'), run('5', { steps: ['b'] })]
  expect(runsWith(known, changed, 'a').map(({ traceId }) => traceId)).toEqual(['2', '4', '3', '1'])
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

test('frames of what caused it follow, each place once', () => {
  const shown = framesOf(span({ failure: failure('a.ts', 3, failure('b.ts', 4, failure('a.ts', 3))) }))
  expect(shown.map(({ file, line }) => `${file}:${line}`)).toEqual(['a.ts:3', 'b.ts:4'])
})
