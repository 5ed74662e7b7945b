import { expect, test } from 'vitest'

import { nextChoice } from './ChoiceList.tsx'

const rows = [{ key: 'A', isHeading: true }, { key: 'a' }, { key: 'B', isHeading: true }, { key: 'b' }]

test('headings are stepped over, and the ends end', () => {
  expect(nextChoice(rows, -1, 1)?.key).toBe('a')
  expect(nextChoice(rows, 1, 1)?.key).toBe('b')
  expect(nextChoice(rows, 3, -1)?.key).toBe('a')
  expect(nextChoice(rows, 1, -1)).toBeUndefined()
  expect(nextChoice(rows, 3, 1)).toBeUndefined()
})
