import { expect, test } from 'vitest'

import { chosenOf, withMoves } from './saved.ts'

test('only positions of the flow count, whatever else the file has', () => {
  const config = { a: { x: 1, y: 2, sourceHandlePosition: 'right' }, b: { x: 3 }, c: null, d: 'x' }
  const flows = [{ id: 'other', config: { z: { x: 0, y: 0 } } }, { id: 'orders', config }, { id: 'list', config: [] }]
  expect([...chosenOf(flows, 'orders')]).toEqual([['a', { x: 1, y: 2 }]])
  expect(chosenOf(flows, 'list').size + chosenOf(flows, 'gone').size).toBe(0)
})

test('moves count before they are saved', () => {
  const chosen = new Map([['a', { x: 1, y: 2 }], ['b', { x: 3, y: 4 }]])
  expect([...withMoves(chosen, new Map([['a', { x: 5, y: 6 }], ['b', null]]))]).toEqual([['a', { x: 5, y: 6 }]])
})
