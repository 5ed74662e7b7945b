import { expect, test } from 'vitest'

import { ttlOf } from './ttl.ts'

const cases: [string, number | undefined | null][] = [
  ['', undefined],
  ['90', 90],
  ['0.5', 0.5],
  ['15m', 900],
  [' 2 h ', 7200],
  ['1d', 86_400],
  ['0', null],
  ['soon', null],
  ['-1', null],
]

test.each(cases)('%j', (text, seconds) => expect(ttlOf(text)).toBe(seconds))
