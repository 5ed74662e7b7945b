import { expect, test } from 'vitest'

import { summary } from '../../../test/examples.ts'
import { heldWith, missing, tracesOf, updated, withNew, type TracePage } from './pages.ts'

const at = (second: number): string => `2026-01-31T12:00:${String(second).padStart(2, '0')}.000+00:00`
const of = (traceId: string, second: number, part = {}) => summary({ traceId, began: at(second), ...part })
const ids = (pages: readonly TracePage[]): string[] => tracesOf(pages).map(({ traceId }) => traceId)
const all = (): boolean => true

const pages: TracePage[] = [
  { traces: [of('d', 40), of('c', 30)], next: '2' },
  { traces: [of('b', 20)], next: '3' },
]

test('a trace that goes on keeps its place, one that fits no more is gone', () => {
  const changed = [of('c', 30, { status: 'failed' }), of('b', 20, { status: 'running' })]
  const after = updated(pages, changed, ({ status }) => status !== 'running')
  expect(ids(after)).toEqual(['d', 'c'])
  expect(tracesOf(after)[1]?.status).toBe('failed')
})

test('pages without a change stay the same objects', () => {
  const after = updated(pages, [of('b', 20)], all)
  expect(after[0]).toBe(pages[0])
  expect(after[1]).not.toBe(pages[1])
})

test('what began behind the last page is not new, unless that page is the last of all', () => {
  const changed = [of('e', 50), of('a', 10), of('c', 30)]
  expect(missing(pages, changed, all).map(({ traceId }) => traceId)).toEqual(['e'])
  const whole = pages.map((page, index) => (index === 1 ? { ...page, next: null } : page))
  expect(missing(whole, changed, all).map(({ traceId }) => traceId)).toEqual(['e', 'a'])
})

test('new traces stand on top, the newest first, and each once', () => {
  const after = withNew(pages, [of('e', 50), of('f', 60), of('d', 40)])
  expect(ids(after)).toEqual(['f', 'e', 'd', 'c', 'b'])
  expect(after.map(({ next }) => next)).toEqual(['2', '3'])
})

test('a trace that two pages have is shown once', () => {
  expect(ids([...pages, { traces: [of('b', 20), of('a', 10)], next: null }])).toEqual(['d', 'c', 'b', 'a'])
})

test('what is held back is held as it is now', () => {
  const held = heldWith([of('e', 50, { status: 'running' })], [of('e', 50, { status: 'ok' }), of('f', 60)], all)
  expect(held.map(({ traceId, status }) => [traceId, status])).toEqual([['e', 'ok'], ['f', 'ok']])
  expect(heldWith(held, [], ({ traceId }) => traceId === 'f')).toHaveLength(1)
})
