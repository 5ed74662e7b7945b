import { expect, test } from 'vitest'

import { draftOf, inputOf, textOf } from './input.ts'

const input = {
  method: 'POST',
  path: '/orders/7',
  pathParams: { id: '7' },
  query: { deep: { a: '1' }, list: ['1', '2'] },
  headers: { host: 'localhost', 'content-length': '9', 'content-type': 'application/json' },
  body: '{"a": 1}',
}

test('a request comes back as it was, without what the runtime makes anew', () => {
  expect(inputOf(draftOf(input))).toEqual({
    method: 'POST',
    path: '/orders/7',
    query: input.query,
    headers: { 'content-type': 'application/json' },
    body: '{\n  "a": 1\n}',
  })
})

test('a body may be no JSON, or none at all', () => {
  expect(inputOf(draftOf({ ...input, body: 'a=1&b=2' }))).toMatchObject({ body: 'a=1&b=2' })
  expect(inputOf(draftOf({ ...input, body: null }))).toMatchObject({ body: null })
  expect(inputOf({ ...draftOf(input), body: '{"broken' })).toMatchObject({ body: '{"broken' })
})

test('a body of bytes stays one', () => {
  expect(inputOf(draftOf({ ...input, body: { $bytes: 'AAH/' } }))).toMatchObject({ body: { $bytes: 'AAH/' } })
})

test.each([
  [{ path: 'orders' }, 'The path has to begin with /.'],
  [{ headers: '[1]' }, 'The headers must be an object.'],
  [{ query: '{' }, /^The query is no JSON: /],
])('what cannot be sent is refused with its reason: %o', (change, reason) => {
  expect(() => inputOf({ ...draftOf(input), ...change })).toThrow(reason)
})

test('an input that was cut is not edited as if it were whole', () => {
  expect(textOf({ input: { a: 1 }, inputIsCut: true })).toBe('')
  expect(textOf({ input: { a: 1 }, inputIsCut: false })).toBe('{\n  "a": 1\n}')
})
