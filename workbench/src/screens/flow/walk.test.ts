import { expect, test } from 'vitest'

import { graphOf } from './graph.ts'
import { stepOf } from './testSteps.ts'
import { readingOrder, walk } from './walk.ts'

const id = (name: string): string => `steps/${name}.step.ts`
const graph = graphOf([stepOf('a', { emits: ['x'] }), stepOf('b', { takes: ['x'] }), stepOf('c'), stepOf('far', { takes: ['x'] })], [])
const centres = new Map([
  [id('a'), { x: 0, y: 0 }],
  [id('c'), { x: 0, y: 100 }],
  [id('b'), { x: 200, y: 100 }],
  [id('far'), { x: 900, y: 100 }],
])

test.each([
  ['a', 'down', 'b'],
  ['b', 'up', 'a'],
  ['c', 'right', 'b'],
  ['b', 'left', 'c'],
  ['c', 'up', 'a'],
] as const)('from %s the arrow %s leads to %s', (from, direction, to) => {
  expect(walk(graph, centres, id(from), direction)).toBe(id(to))
})

test('at the end it leads nowhere', () => {
  expect(walk(graph, centres, id('a'), 'up')).toBeNull()
  expect(walk(graph, centres, id('gone'), 'up')).toBeNull()
})

test('nodes are read line by line', () => {
  expect(readingOrder(centres)).toEqual([id('a'), id('c'), id('b'), id('far')])
})
