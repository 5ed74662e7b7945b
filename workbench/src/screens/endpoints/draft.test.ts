import { expect, test } from 'vitest'

import type { ApiTrigger } from '../../api/types.ts'
import { addressOf, bodyOf, curlOf, firstDraft, headersOf, hindrance, NO_AUTH, type Auth, type Draft } from './draft.ts'
import type { Endpoint } from './endpoints.ts'

function endpoint(method: string, path: string, more: Partial<ApiTrigger> = {}): Endpoint {
  const trigger: ApiTrigger = { kind: 'api', method, path, bodySchema: null, querySchema: null, pathSchema: null, queryParams: [], ...more }
  return { id: `${method} ${path}`, method, path, step: 'Step', description: '', language: 'python', flows: [], trigger }
}

const get = endpoint('GET', '/orders/:id/files/:name*', { queryParams: [{ name: 'q', description: '', required: true }, { name: 'page', description: '', required: false }] })
const post = endpoint('POST', '/orders', { bodySchema: { type: 'object', properties: { price: { type: 'integer', minimum: 3 } } } })
const on = (name: string, value: string) => ({ name, value, isOn: true })

test('the first draft has the body that the schema tells of, and the query that must be there', () => {
  expect(JSON.parse(firstDraft(post).body)).toEqual({ price: 3 })
  expect(firstDraft(get)).toMatchObject({ bodyKind: 'none', body: '' })
  expect(firstDraft(get).query).toEqual([on('q', ''), { name: 'page', value: '', isOn: false }])
  expect(firstDraft(endpoint('DELETE', '/a')).bodyKind).toBe('none')
})

test('parameters are put into the address, escaped', () => {
  const draft: Draft = { ...firstDraft(get), path: { id: 'a/b', name: 'x/ü y' }, query: [on('q', 'a&b'), on('q', '2'), { name: 'off', value: '1', isOn: false }, on('', 'x')] }
  expect(addressOf(get, draft)).toBe('/orders/a%2Fb/files/x/%C3%BC%20y?q=a%26b&q=2')
  expect(addressOf(get, { ...draft, path: {}, query: [] })).toBe('/orders/:id/files/')
  expect(addressOf(endpoint('GET', '/static/*'), { ...draft, path: { '*': 'a/b' }, query: [] })).toBe('/static/a/b')
})

test('what is missing or wrong is told before it is sent', () => {
  expect(hindrance(get, firstDraft(get), NO_AUTH)).toBe('Fill in id first')
  expect(hindrance(post, firstDraft(post), NO_AUTH)).toBe('')
  expect(hindrance(post, { ...firstDraft(post), body: '{' }, NO_AUTH)).toMatch('The body is no JSON')
  expect(hindrance(post, { ...firstDraft(post), bodyKind: 'text', body: '{' }, NO_AUTH)).toBe('')
  expect(hindrance(post, { ...firstDraft(post), headers: [on('a b', '')] }, NO_AUTH)).toMatch('no name of a header')
  expect(hindrance(post, firstDraft(post), { kind: 'header', name: 'x-key', value: '→' })).toMatch('x-key')
})

const auths: [Auth, [string, string][]][] = [
  [NO_AUTH, []],
  [{ kind: 'bearer', token: 't' }, [['authorization', 'Bearer t']]],
  [{ kind: 'bearer', token: '' }, []],
  [{ kind: 'basic', user: 'ada', password: 'ü' }, [['authorization', 'Basic YWRhOsO8']]],
  [{ kind: 'header', name: 'x-key', value: '1' }, [['x-key', '1']]],
]

test.each(auths)('auth %j', (auth, headers) => {
  expect(headersOf({ ...firstDraft(get) }, auth)).toEqual(headers)
})

test('what a person has written counts over what is added', () => {
  const draft = { ...firstDraft(post), headers: [on('Content-Type', 'application/vnd.api+json'), on('Authorization', 'mine')] }
  expect(headersOf(draft, { kind: 'bearer', token: 't' })).toEqual([['Content-Type', 'application/vnd.api+json'], ['Authorization', 'mine']])
})

test('an empty body is none', () => {
  const draft = { ...firstDraft(post), body: '' }
  expect(bodyOf(draft)).toBeUndefined()
  expect(headersOf(draft, NO_AUTH)).toEqual([])
})

test('the line for the terminal is what is sent', () => {
  const draft = { ...firstDraft(post), body: '{\n  "name": "it\'s"\n}', headers: [on('x-a', '1')] }
  expect(curlOf('http://localhost:3000', post, draft, { kind: 'bearer', token: 't' })).toBe(
    [
      "curl -X POST 'http://localhost:3000/orders'",
      "-H 'x-a: 1'",
      "-H 'content-type: application/json'",
      "-H 'authorization: Bearer t'",
      `--data-raw '{"name":"it'\\''s"}'`,
    ].join(' \\\n  '),
  )
  expect(curlOf('', endpoint('HEAD', '/a'), { ...draft, headers: [], bodyKind: 'none' }, NO_AUTH)).toBe("curl -I '/a'")
})
