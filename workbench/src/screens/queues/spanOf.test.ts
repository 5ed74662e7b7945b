import { expect, test } from 'vitest'

import type { Attempt, Span } from '../../api/types.ts'
import { spanOf } from './spanOf.ts'

const began = '2026-05-06T03:04:00.000+00:00'
const failure = { kind: 'handler', type: 'E', message: '', stack: '', frames: [], cause: null }

function span(spanId: string, more: Partial<Span>): Span {
  const none = { parentId: null, language: 'python', file: '', kind: 'event', source: '', queued: 0, waited: 0 } as const
  const end = { seconds: 1, status: 'failed', httpStatus: null, input: null, inputIsCut: false, inputBytes: 0 } as const
  const rest = { failure: null, then: null, deadLetter: null, operations: [], lostOperations: 0, isRepeatable: true }
  return { spanId, step: 'Ship', causeId: 'event', attempt: 1, offset: 0, ...none, ...end, ...rest, ...more }
}

function attempt(number: number, second: number): Attempt {
  return { number, began: `2026-05-06T03:04:${String(second).padStart(2, '0')}.000+00:00`, ended: began, failure }
}

const spanList = [
  span('first', {}),
  span('second', { attempt: 2, offset: 2 }),
  span('again', { offset: 40 }),
  span('other step', { step: 'Bill', offset: 40 }),
  span('other event', { causeId: 'another', offset: 40 }),
]

test('an attempt leads to its own span', () => {
  const found = [attempt(1, 0), attempt(2, 2), attempt(1, 39), attempt(3, 0)].map((each) =>
    spanOf({ began, spanList }, { step: 'Ship', eventId: 'event' }, each)?.spanId,
  )
  expect(found).toEqual(['first', 'second', 'again', undefined])
})
