import { expect, test } from 'vitest'

import type { DeadLetter } from '../../api/types.ts'
import { causesOf, linesOf, patternOf } from './causes.ts'

function letter(id: number, type: string, message: string): DeadLetter {
  const failure = { kind: 'handler', type, message, stack: '', frames: [], cause: null }
  const moment = `2026-05-06T03:04:${String(id).padStart(2, '0')}.000+00:00`
  const attempt = { number: 1, began: moment, ended: moment, failure }
  const held = { eventId: `event-${id}`, traceId: '', created: moment, messageGroupId: null, priority: 0, data: null }
  return { id, ...held, attempts: [attempt], buried: moment }
}

test.each([
  ['card 4111 was declined', 'card … was declined'],
  ["invalid literal: 'xbad'", 'invalid literal: …'],
  ['order 3f2b8c1e-9a4d-4c7b-8f00-1234567890ab is gone', 'order … is gone'],
  ['no trace 9d92ef8a2a2c427d', 'no trace …'],
  ["it doesn't fit, and won't", "it doesn't fit, and won't"],
  ['the bank did not answer in 1,500.25 ms\nat bank', 'the bank did not answer in … ms'],
  ['defaced', 'defaced'],
])('%s is %s', (message, pattern) => {
  expect(patternOf(message)).toBe(pattern)
})

const letters = [
  letter(1, 'TimeoutError', 'no answer in 10 ms'),
  letter(2, 'CardDeclined', 'card 1 was declined'),
  letter(3, 'CardDeclined', 'card 2 was declined'),
  letter(4, 'CardDeclined', 'the card is blocked'),
]

test('what died of the same is one cause, the most frequent first and the newest letter on top', () => {
  const causes = causesOf(letters).map(({ type, pattern, letters: own }) => [type, pattern, own.map(({ id }) => id)])
  expect(causes).toEqual([
    ['CardDeclined', 'card … was declined', [3, 2]],
    ['TimeoutError', 'no answer in … ms', [1]],
    ['CardDeclined', 'the card is blocked', [4]],
  ])
})

test('a letter without any attempt has a cause as well', () => {
  const [cause] = causesOf([{ ...letter(1, '', ''), attempts: [] }])
  expect([cause?.type, cause?.pattern]).toEqual(['unknown', ''])
})

test('letters of a closed cause are not among the lines', () => {
  const causes = causesOf(letters)
  const lines = linesOf(causes, new Set([causes[0]?.key ?? '']))
  expect(lines.map(({ letter: own }) => own?.id ?? 0)).toEqual([0, 0, 1, 0, 4])
})
