import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { addressOf, api } from '../src/api/client.ts'
import { ApiError } from '../src/api/error.ts'
import { merged } from '../src/api/queries.ts'
import { currentToken, findToken, setToken } from '../src/api/token.ts'
import type { Queue } from '../src/api/types.ts'

const fetched = vi.fn<typeof fetch>()
const kept = new Map<string, string>()

beforeEach(() => {
  kept.clear()
  vi.stubGlobal('fetch', fetched)
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
  fetched.mockReset()
})

function page(hash: string, token?: string) {
  const replaceState = vi.fn()
  vi.stubGlobal('location', { hash, pathname: '/w/', search: '' })
  vi.stubGlobal('history', { replaceState })
  vi.stubGlobal('document', { querySelector: () => (token === undefined ? null : { content: token }) })
  return replaceState
}

test('names of any characters travel in the query, absent ones do not', () => {
  expect(addressOf('/state/value', { group: 'a/b&c', key: '', limit: 5, after: null, before: undefined })).toBe(
    '/__runtime/state/value?group=a%2Fb%26c&key=&limit=5',
  )
})

test('a call carries the token and its body', async () => {
  setToken(' secret ')
  fetched.mockResolvedValue(Response.json({ id: 'e1' }))
  await expect(api.post('/emit', {}, { topic: 't' })).resolves.toEqual({ id: 'e1' })
  const [address, init] = fetched.mock.calls[0] ?? []
  expect(address).toBe('/__runtime/emit')
  expect(new Headers(init?.headers).get('authorization')).toBe('Bearer secret')
  expect(init?.body).toBe('{"topic":"t"}')
})

async function failure(answer: Response | Error): Promise<ApiError> {
  if (answer instanceof Error) fetched.mockRejectedValue(answer)
  else fetched.mockResolvedValue(answer)
  const error: unknown = await api.get('/traces').catch((reason: unknown) => reason)
  if (!(error instanceof ApiError)) throw new Error('it should have failed', { cause: error })
  return error
}

test('a refusal says what the runtime says', async () => {
  const problem = { title: 'Conflict', status: 409, detail: 'two queues are called so', candidates: [1] }
  const error = await failure(Response.json(problem, { status: 409 }))
  expect([error.message, error.status, error.problem['candidates']]).toEqual(['two queues are called so', 409, [1]])
  expect((await failure(new Response('<html>', { status: 502 }))).message).toBe('the runtime answered 502')
})

test('a route that the runtime does not have, and a runtime that is gone, are told apart', async () => {
  const unknown = await failure(Response.json({ detail: 'GET /__runtime/traces: Not Found' }, { status: 404 }))
  expect([unknown.isUnknownRoute, unknown.isUnreachable]).toEqual([true, false])
  const absent = await failure(Response.json({ detail: "there is no trace '1'" }, { status: 404 }))
  expect(absent.isUnknownRoute).toBe(false)
  const gone = await failure(new TypeError('Failed to fetch'))
  expect([gone.isUnreachable, gone.message]).toEqual([true, 'the runtime does not answer'])
})

test('the token of the link is kept for the tab, and leaves the address', () => {
  const replaced = page('#token=from%2Blink')
  findToken()
  expect(currentToken()).toBe('from+link')
  expect(replaced).toHaveBeenCalledWith(null, '', '/w/')
  page('#/traces')
  findToken()
  expect(currentToken()).toBe('from+link')
})

test('the token of the page counts more than one that was kept for a run before', () => {
  kept.set('runtime-token', 'old')
  page('#/traces', 'new')
  findToken()
  expect(currentToken()).toBe('new')
})

test('changed queues take the places of the known ones', () => {
  const queue = (step: string, waiting: number): Queue => ({ topic: 't', step, kind: 'event', waiting }) as Queue
  expect(merged([queue('a', 0), queue('b', 0)], [queue('a', 3), queue('c', 1)])).toEqual([
    queue('a', 3),
    queue('b', 0),
    queue('c', 1),
  ])
})
