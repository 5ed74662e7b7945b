import { expect, test } from 'vitest'

import { graphOf } from './graph.ts'
import { layoutOf, withChosen, type Point, type Size } from './layout.ts'
import { apiOf, stepOf } from './testSteps.ts'

const SIZE: Size = { width: 200, height: 80 }
const sizeOf = (): Size => SIZE
const idOf = (name: string): string => `steps/${name}.step.ts`

function overlaps(places: ReadonlyMap<string, Point>): number {
  const all = [...places.values()]
  return all.filter((a, at) => all.slice(at + 1).some((b) => Math.abs(a.x - b.x) < SIZE.width && Math.abs(a.y - b.y) < SIZE.height)).length
}

test('what follows is below, also in a circle that a request begins', () => {
  const steps = [stepOf('b', { takes: ['x'], emits: ['y'] }), stepOf('c', { takes: ['y'], emits: ['x'] }), stepOf('z', { triggers: [apiOf('GET', '/')], emits: ['x'] })]
  const { places } = layoutOf(graphOf(steps, []), sizeOf)
  const y = (name: string): number => places.get(idOf(name))?.y ?? Number.NaN
  expect(y('z')).toBeLessThan(y('b'))
  expect(y('b')).toBeLessThan(y('c'))
})

/** Chains of ten, each with a circle, and as many steps that nothing leads to. */
const many = Array.from({ length: 200 }, (_, at) => {
  if (at >= 150) return stepOf(`alone${at}`)
  const [chain, place] = [Math.floor(at / 10), at % 10]
  return stepOf(`s${String(at).padStart(3, '0')}`, { takes: [`t${chain}.${place}`], emits: [`t${chain}.${(place + 1) % 10}`] })
})

test('200 steps do not overlap, and lie about as a screen does', () => {
  const graph = graphOf(many, [])
  const { places, size } = layoutOf(graph, sizeOf)
  expect(places.size).toBe(200)
  expect(overlaps(places)).toBe(0)
  expect(size.width / size.height).toBeGreaterThan(0.5)
  expect(size.width / size.height).toBeLessThan(4)
})

test('steps that stand alone are beside a tall part, not below it', () => {
  const chain = ['a', 'b', 'c', 'd', 'e'].map((name, at) => stepOf(name, { takes: [`t${at}`], emits: [`t${at + 1}`] }))
  const { places, size } = layoutOf(graphOf([...chain, stepOf('k'), stepOf('l'), stepOf('m')], []), sizeOf)
  const last = places.get(idOf('e')) as Point
  for (const name of ['k', 'l', 'm']) expect(places.get(idOf(name))?.y).toBeLessThanOrEqual(last.y)
  expect(size.height).toBe(last.y + SIZE.height)
  expect(overlaps(places)).toBe(0)
})

test('the same steps are always drawn the same', () => {
  const one = layoutOf(graphOf(many, []), sizeOf)
  const other = layoutOf(graphOf(many.toReversed(), []), sizeOf)
  expect([...other.places].toSorted()).toEqual([...one.places].toSorted())
})

test('a route leads from the foot of one node to the head of the next', () => {
  const graph = graphOf([stepOf('a', { emits: ['x'] }), stepOf('b', { takes: ['x'] })], [])
  const { places, routes } = layoutOf(graph, sizeOf)
  const [from, to] = [places.get(idOf('a')), places.get(idOf('b'))] as [Point, Point]
  const route = routes.get(graph.edges[0]?.id ?? '')
  expect(route?.[0]).toEqual({ x: from.x + 100, y: from.y + 80 })
  expect(route?.at(-1)).toEqual({ x: to.x + 100, y: to.y })
})

test('a graph without nodes has a layout', () => {
  expect(layoutOf({ nodes: [], edges: [] }, sizeOf).size).toEqual({ width: 0, height: 0 })
})

test('a node dragged over the edge of another moves no other', () => {
  const places = new Map([['a', { x: 0, y: 0 }], ['b', { x: 300, y: 0 }], ['c', { x: 300, y: 120 }]])
  const found = withChosen(places, new Map([['a', { x: 180, y: 50 }]]), sizeOf)
  expect(Object.fromEntries(found)).toEqual({ a: { x: 180, y: 50 }, b: { x: 300, y: 0 }, c: { x: 300, y: 120 } })
})

test('chosen places count, and what they would hide makes room for them', () => {
  const places = new Map([['a', { x: 0, y: 0 }], ['b', { x: 300, y: 0 }]])
  const chosen = new Map([['a', { x: 310, y: 10 }], ['gone', { x: 0, y: 0 }]])
  const found = withChosen(places, chosen, sizeOf)
  expect(found.get('a')).toEqual({ x: 310, y: 10 })
  expect(found.get('b')?.x).toBe(300)
  expect(overlaps(found)).toBe(0)
  expect(found.has('gone')).toBe(false)
})
