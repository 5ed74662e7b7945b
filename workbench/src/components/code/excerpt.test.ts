import { expect, test } from 'vitest'

import { excerptOf } from './excerpt.ts'

const text = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].join('\n')

test.each([
  [1, 'abcd', 1],
  [5, 'bcdefgh', 2],
  [8, 'efgh', 5],
  [99, 'efgh', 5],
])('around line %i', (line, letters, firstLine) => {
  expect(excerptOf(text, line, 3)).toEqual({ text: [...letters].join('\n'), firstLine })
})
