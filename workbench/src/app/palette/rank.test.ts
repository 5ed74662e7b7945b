import { expect, test } from 'vitest'

import { rank, ranked } from './rank.ts'

const texts = ['Traces', 'Clear all traces', 'POST /orders', 'create-order', 'Go to Queues']

test('what begins with it comes first', () => {
  expect(ranked('tra', texts, String, 9)).toEqual(['Traces', 'Clear all traces'])
  expect(ranked('order', texts, String, 9)).toEqual(['POST /orders', 'create-order'])
})

test('every word counts, in any order', () => {
  expect(ranked('orders post', texts, String, 9)).toEqual(['POST /orders'])
  expect(rank('orders delete', 'POST /orders')).toBe(0)
})

test('letters may be spread', () => {
  expect(ranked('gqu', texts, String, 9)).toEqual(['Go to Queues'])
  expect(rank('xyz', 'Traces')).toBe(0)
})

test('nothing typed shows all, and no more than asked for', () => {
  expect(ranked('', texts, String, 2)).toEqual(['Traces', 'Clear all traces'])
  expect(rank('(', 'a (b')).toBeGreaterThan(0)
})
