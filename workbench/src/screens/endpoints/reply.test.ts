import { expect, test } from 'vitest'

import type { Json } from '../../api/types.ts'
import { jsonOf, roomOf, shapeOf, type Reply } from './reply.ts'

const shapes: [string, string][] = [
  ['application/json; charset=utf-8', 'json'],
  ['application/problem+json', 'json'],
  ['text/html', 'html'],
  ['image/png', 'image'],
  ['image/svg+xml', 'image'],
  ['text/event-stream', 'text'],
  ['application/x-ndjson', 'text'],
  ['application/octet-stream', 'bytes'],
  ['', 'text'],
]

test.each(shapes)('%s is shown as %s', (type, shape) => expect(shapeOf(type)).toBe(shape))

test('JSON is read when it has come whole', () => {
  const reply = { shape: 'json', body: '{"a":1}', isComplete: true, isCut: false } as Reply
  expect(jsonOf(reply)).toEqual({ a: 1 })
  expect(jsonOf({ ...reply, isComplete: false })).toBeUndefined()
  expect(jsonOf({ ...reply, isCut: true })).toBeUndefined()
  expect(jsonOf({ ...reply, body: '{"a"' })).toBeUndefined()
})

test('an item of a stream is told by its mark', () => {
  const mark = { type: 'state-stream', streamName: 's', groupId: 'g', id: '1' }
  expect(roomOf({ status: 'ok', __motia: mark })).toEqual({ streamName: 's', groupId: 'g', id: '1' })
  const others: Json[] = [null, [], 'x', {}, { __motia: { ...mark, type: 'other' } }, { __motia: { ...mark, id: 1 } }]
  for (const other of others) expect(roomOf(other)).toBeNull()
})
