import { expect, test } from 'vitest'

import { pathOf } from './paths.ts'

const one = { lane: 0, lanes: 1 }
const [from, to] = [{ x: 0, y: 0 }, { x: 100, y: 200 }]

test('an edge goes along its route while both ends are where it was laid out', () => {
  const route = [from, { x: -80, y: 90 }, to]
  expect(pathOf(from, to, one, route).middle).toEqual({ x: -80, y: 90 })
  expect(pathOf({ x: 40, y: 0 }, to, one, route).middle).toEqual({ x: 70, y: 100 })
})

test('edges between the same two lie beside each other', () => {
  const middles = [0, 1].map((lane) => pathOf(from, to, { lane, lanes: 2 }, null).middle.x)
  expect(new Set(middles).size).toBe(2)
})

test('what leads back up goes around both', () => {
  expect(pathOf(to, from, one, null).middle.x).toBeGreaterThan(to.x + 100)
  expect(pathOf(from, from, one, null).middle.x).toBeGreaterThan(100)
})
