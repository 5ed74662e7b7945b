import { expect, test } from 'vitest'

import { formatOrder, nextOrder, ordered, parseOrder } from './order.ts'

const rows = [{ name: 'b', age: null }, { name: 'c', age: 3 }, { name: 'a', age: 10 }]
const byName = { name: 'name', of: (row: (typeof rows)[number]) => row.name }
const byAge = { name: 'age', of: (row: (typeof rows)[number]) => row.age, isDownFirst: true }
const names = (order: string): string => ordered(rows, [byName, byAge], parseOrder(order)).map(({ name }) => name).join('')

test('rows come in the order of the address', () => {
  expect([names(''), names('name'), names('-name'), names('nothing')]).toEqual(['bca', 'abc', 'cba', 'bca'])
})

test('what has no value comes last, whichever way', () => {
  expect([names('age'), names('-age')]).toEqual(['cab', 'acb'])
})

test('a title goes from its way to the other to none', () => {
  const pressed = ['', '-age', 'age', 'name'].map((text) => formatOrder(nextOrder(parseOrder(text), byAge)))
  expect(pressed).toEqual(['-age', 'age', '', '-age'])
})
