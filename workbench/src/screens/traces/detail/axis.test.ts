import { expect, test } from 'vitest'

import { log, operation, span, trace } from '../../../../test/examples.ts'
import { extentOf, marksOf, placeOf, segmentsOf, ticksOf, tickText } from './axis.ts'
import { durationsText } from './facts.ts'
import { treeOf } from './tree.ts'

test('the time of a span is told apart: queue, runner, handler', () => {
  const parts = segmentsOf(span({ offset: 2, queued: 0.5, waited: 0.25, seconds: 1 }), 9)
  expect(parts).toEqual([
    { kind: 'queued', from: 1.5, seconds: 0.5 },
    { kind: 'waited', from: 2, seconds: 0.25 },
    { kind: 'handled', from: 2.25, seconds: 0.75 },
  ])
})

test('what runs goes on until now, what waits for a runner has no handler time yet', () => {
  expect(segmentsOf(span({ seconds: null, waited: 0 }), 3)).toEqual([{ kind: 'handled', from: 0, seconds: 3 }])
  expect(segmentsOf(span({ seconds: null, waited: null }), 3)).toEqual([{ kind: 'waited', from: 0, seconds: 3 }])
})

test('the extent reaches from the first wait to the last event', () => {
  const spans = [span({ spanId: 'a', queued: 1 }), span({ spanId: 'b', offset: 2, seconds: 3 })]
  expect(extentOf(treeOf(trace(spans)), null)).toEqual({ start: -1, end: 5 })
  expect(extentOf(treeOf(trace(spans)), 7).end).toBe(7)
  const late = log({ time: '2026-01-31T12:00:09.000+00:00', source: 'runtime' })
  expect(extentOf(treeOf(trace(spans, [late])), null).end).toBe(9)
})

test('ticks are round, at even distances and inside', () => {
  expect(ticksOf({ start: 0, end: 1.4 }, 5)).toEqual([0, 0.5, 1])
  expect(ticksOf({ start: -0.3, end: 0.9 }, 5)).toEqual([0, 0.5])
  expect(ticksOf({ start: 0, end: 0.000_1 }, 5).length).toBeLessThanOrEqual(6)
})

test('no two ticks read alike, however short the trace', () => {
  const texts = (end: number): string[] => {
    const ticks = ticksOf({ start: 0, end }, 5)
    return ticks.map((tick) => tickText(tick, ticks[1]! - ticks[0]!))
  }
  expect(texts(0.000_1)).toEqual(['0', '20 µs', '40 µs', '60 µs', '80 µs', '100 µs'])
  expect(texts(0.000_5).slice(0, 3)).toEqual(['0', '0.1 ms', '0.2 ms'])
  expect(tickText(-0.002, 0.001)).toBe('−2.0 ms')
  for (const end of [0.000_3, 0.000_7, 0.003, 0.04, 2.5, 61, 200]) expect(new Set(texts(end)).size).toBe(texts(end).length)
})

test('places are within the bar', () => {
  expect([-5, 0, 5, 10, 20].map((time) => placeOf(time, { start: 0, end: 10 }))).toEqual([0, 0, 50, 100, 100])
})

test('marks that fall together are one, and a failure is not hidden by what worked', () => {
  const many = Array.from({ length: 5000 }, (_, at) => operation({ offset: at / 5000, error: at === 2500 ? 'no' : null }))
  const tree = treeOf(trace([span({ seconds: 1, operations: many })], [log({ level: 'warn', spanId: 's1', time: '2026-01-31T12:00:00.900+00:00' })]))
  const marks = marksOf(tree.nodes.get('s1')!, { start: 0, end: 1 })
  expect(marks.length).toBeLessThanOrEqual(201)
  expect(marks).toContainEqual({ place: 50, tone: 'bad' })
  expect(marks).toContainEqual({ place: 90, tone: 'warn' })
})

test('the times are told in words', () => {
  expect(durationsText(span({ queued: 0.3, waited: 0.001, seconds: 0.101 }))).toBe('300 ms in its queue, 1.0 ms for a runner, 100 ms in its handler')
  expect(durationsText(span({ waited: null, seconds: null }))).toBe('waits for a runner')
})
