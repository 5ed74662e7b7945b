import { expect, test } from 'vitest'

import { failure, log, operation, span, trace } from '../../../../test/examples.ts'
import { causesOf } from './causes.ts'
import { firstSpan, mainSpan, rowsOf, treeOf, type Row } from './tree.ts'

const all = (): boolean => true
const none = (): boolean => false

function named(rows: readonly Row[]): string[] {
  return rows.map((row) => {
    const name = row.type === 'span' ? row.node.span.spanId : row.type === 'log' ? row.placed.log.message : row.operation.name
    return `${'-'.repeat(row.depth)}${name}`
  })
}

test('attempts of one event follow each other, below the span that emitted it', () => {
  const spans = [
    span({ spanId: 'root' }),
    span({ spanId: 'a1', parentId: 'root', step: 'A', causeId: 'e1', offset: 1, attempt: 1 }),
    span({ spanId: 'b1', parentId: 'root', step: 'B', causeId: 'e1', offset: 2, attempt: 1 }),
    span({ spanId: 'a2', parentId: 'root', step: 'A', causeId: 'e1', offset: 3, attempt: 2 }),
    span({ spanId: 'c', parentId: 'a2', step: 'C', causeId: 'e2', offset: 4 }),
  ]
  expect(named(rowsOf(treeOf(trace(spans)), none))).toEqual(['root', '-a1', '-a2', '--c', '-b1'])
})

test('operations, lines and what they led to stand in the order of their times', () => {
  const root = span({ spanId: 'root', operations: [operation({ offset: 0.001, name: 'state.set' }), operation({ offset: 0.005, name: 'emit' })] })
  const child = span({ spanId: 'child', parentId: 'root', offset: 0.006 })
  const lines = [
    log({ id: 1, time: '2026-01-31T12:00:00.003+00:00', message: 'first', spanId: 'root' }),
    log({ id: 2, time: '2026-01-31T12:00:00.009+00:00', message: 'last', spanId: 'root' }),
  ]
  const tree = treeOf(trace([root, child], lines))
  expect(named(rowsOf(tree, all))).toEqual(['root', '-state.set', '-first', '-emit', '-child', '-last'])
  expect(named(rowsOf(tree, none))).toEqual(['root', '-child'])
})

test('a line that names no span belongs to the run of its step that it came after', () => {
  const spans = [span({ spanId: 'one', step: 'A', offset: 0 }), span({ spanId: 'two', step: 'A', offset: 2 }), span({ spanId: 'three', step: 'A', offset: 5 })]
  const tree = treeOf(trace(spans, [log({ source: 'A', time: '2026-01-31T12:00:03.000+00:00' }), log({ source: 'runtime', message: 'other' })]))
  expect(tree.nodes.get('two')?.logs).toHaveLength(1)
  expect(tree.logs).toHaveLength(1)
  expect(named(rowsOf(tree, none))).toContain('other')
})

test('a line never comes before its span', () => {
  const tree = treeOf(trace([span({ spanId: 'a', offset: 0.0006 })], [log({ spanId: 'a', time: '2026-01-31T12:00:00.000+00:00' })]))
  expect(tree.nodes.get('a')?.logs[0]?.offset).toBe(0.0006)
})

test('a chain of spans may be as long as it likes, and a parent may be missing', () => {
  const spans = Array.from({ length: 20_000 }, (_, at) => span({ spanId: `s${at}`, parentId: at === 0 ? 'gone' : `s${at - 1}`, offset: at }))
  const rows = rowsOf(treeOf(trace(spans)), none)
  expect(rows).toHaveLength(20_000)
  expect(rows.at(-1)?.depth).toBe(19_999)
})

test('the first failure is looked at first', () => {
  const spans = [span({ spanId: 'root' }), span({ spanId: 'bad', parentId: 'root', status: 'failed' })]
  expect(mainSpan(trace(spans))?.spanId).toBe('bad')
  expect(mainSpan(trace(spans.slice(0, 1)))?.spanId).toBe('root')
})

test('causes are told down to the first, of very many the beginning', () => {
  const chain = Array.from({ length: 30 }).reduce<ReturnType<typeof failure>>((cause) => failure({ cause }), failure({ message: 'first' }))
  expect(causesOf(chain).shown).toHaveLength(20)
  expect(causesOf(chain).more).toBe(11)
  expect(causesOf(failure({ cause: failure() }))).toMatchObject({ more: 0 })
})

test('a trace that follows from another program begins with the span whose parent is not there', () => {
  const elsewhere = '1234567890abcdef'
  const spans = [span({ spanId: 'child', parentId: 'root', offset: 1 }), span({ spanId: 'root', parentId: elsewhere })]
  expect(firstSpan(trace(spans))?.spanId).toBe('root')
  expect(mainSpan(trace(spans))?.spanId).toBe('root')
  const [root] = treeOf(trace(spans)).roots
  expect([root?.span.spanId, root?.children.map((each) => each.span.spanId)]).toEqual(['root', ['child']])
})
