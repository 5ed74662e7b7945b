import { expect, test } from 'vitest'

import { unsaved } from './unsaved.ts'

const edit = (text: string) => ({ text, before: '1', version: 1 })

test('an edit is kept by its name until it is saved or discarded', () => {
  unsaved.keep('a', edit('2'))
  unsaved.keep('b', edit('3'))
  expect(unsaved.of('a')?.text).toBe('2')
  unsaved.keep('a', null)
  expect([unsaved.of('a'), unsaved.of('b')?.text]).toEqual([undefined, '3'])
})

test('of too many the one that was touched longest ago goes', () => {
  unsaved.keep('first', edit('1'))
  unsaved.keep('second', edit('2'))
  unsaved.keep('first', edit('3'))
  for (let at = 0; at < 49; at += 1) unsaved.keep(`more ${at}`, edit('4'))
  expect([unsaved.of('first')?.text, unsaved.of('second')]).toEqual(['3', undefined])
})
