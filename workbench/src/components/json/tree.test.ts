import { expect, test } from 'vitest'

import { kindOf, membersOf, preview, sizeOf } from './tree.ts'

test('a value is told in a line', () => {
  expect(preview({ id: 7, tags: ['a', 'b'], to: { x: 1 } })).toBe('{id: 7, tags: [2], to: {…}}')
  expect(preview([1, null, 'x'])).toBe('[1, null, "x"]')
  expect(preview('a'.repeat(200)).length).toBeLessThanOrEqual(80)
})

test('a huge value costs no more than what is shown of it', () => {
  const huge = Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`k${at}`, at]))
  expect(membersOf(huge, 3)).toEqual([['k0', 0], ['k1', 1], ['k2', 2]])
  expect(preview(huge).length).toBeLessThanOrEqual(80)
  expect(sizeOf(huge)).toBe(200_000)
})

test('kinds are those of JSON', () => {
  expect([null, [], {}, 'a', 1, true].map(kindOf)).toEqual(['null', 'array', 'object', 'string', 'number', 'boolean'])
})
