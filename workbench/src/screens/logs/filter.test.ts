import { expect, test } from 'vitest'

import { log } from '../../../test/examples.ts'
import { filterOf, fits } from './filter.ts'

test('a trace id that is searched for stands for the lines of its trace', () => {
  const id = 'A1'.repeat(16)
  expect(filterOf({ text: ` ${id} `, level: 'warn' })).toEqual({ level: 'warn', trace: id.toLowerCase() })
  expect(filterOf({ text: 'a1a1', step: '', line: '7' })).toEqual({ text: 'a1a1' })
})

test.each([
  [{ level: 'info' }, true],
  [{ level: 'error' }, false],
  [{ step: 'CreateOrder' }, true],
  [{ step: 'Create' }, false],
  [{ trace: 'b'.repeat(32) }, false],
  [{ text: 'RECEIVED' }, true],
  [{ text: 'book' }, true],
  [{ text: 'tea' }, false],
])('a line that was logged now is judged by %o as the runtime would', (filter, is) => {
  expect(fits(log({ level: 'warn', data: { item: 'Book' } }), filter)).toBe(is)
})
