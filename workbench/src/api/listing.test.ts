import { expect, test } from 'vitest'

import { following, patched } from './listing.ts'

const page = (keys: string, total: number, hasMore: boolean) => ({ rows: [...keys].map((key) => ({ key, value: 0 })), total, hasMore })
const whole = { pages: [page('ab', 4, true), page('cd', 4, false)], pageParams: [null, 'b'] }
const begun = { pages: [page('ab', 4, true)], pageParams: [null] }
const shown = ({ pages }: typeof whole): string =>
  pages.map(({ rows, total }) => `${rows.map(({ key, value }) => `${key}${value}`).join('')}/${total}`).join(' ')

test('a row changes in its place, goes, and comes at the end', () => {
  expect(shown(patched(whole, 'b', { key: 'b', value: 1 }))).toBe('a0b1/4 c0d0/4')
  expect(shown(patched(whole, 'c', null))).toBe('a0b0/3 d0/3')
  expect(shown(patched(whole, 'e', { key: 'e', value: 1 }))).toBe('a0b0/5 c0d0e1/5')
})

test('what is out of sight changes nothing', () => {
  expect(patched(begun, 'z', { key: 'z', value: 1 })).toBe(begun)
  expect(patched(whole, 'z', null)).toBe(whole)
})

test('the next part comes behind the last row that is still there', () => {
  const [first, second] = whole.pages as [ReturnType<typeof page>, ReturnType<typeof page>]
  expect(following(first, [first])).toBe('b')
  expect(following(second, [first, second])).toBeNull()
  const emptied = { ...first, rows: [] }
  expect(following(emptied, [first, emptied])).toBe('b')
})
