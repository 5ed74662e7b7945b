import { beforeEach, expect, test } from 'vitest'

import type { Draft } from './draft.ts'
import { Kept, type Past } from './kept.ts'

class Memory extends Map<string, string> {
  getItem = (name: string): string | null => this.get(name) ?? null
  removeItem = (name: string): void => void this.delete(name)

  setItem(name: string, value: string): void {
    if (value.length > 100_000) throw new Error('it is full')
    this.set(name, value)
  }
}

const draft = (body: string): Draft => ({ path: {}, query: [], headers: [], bodyKind: 'json', body })
const past = (body: string, status = 200): Past => ({ at: `at ${body.slice(0, 4)}`, draft: draft(body), status, seconds: 1 })
let memory: Memory
let kept: Kept

beforeEach(() => {
  memory = new Memory()
  kept = new Kept('shop', memory)
})

test('the last ten requests are kept for each endpoint, an equal one once', () => {
  for (let at = 0; at < 12; at += 1) kept.add('GET /a', past(String(at)))
  expect(kept.history('GET /a').map((each) => each.draft.body)).toEqual(['11', '10', '9', '8', '7', '6', '5', '4', '3', '2'])
  expect(kept.add('GET /a', past('5', 404))[0]).toMatchObject({ draft: { body: '5' }, status: 404 })
  expect(kept.history('GET /a')).toHaveLength(10)
  expect(kept.history('GET /b')).toEqual([])
  expect(new Kept('other', memory).history('GET /a')).toEqual([])
})

test('who sends is kept apart from the requests, and can be forgotten', () => {
  kept.setAuth('GET /a', { kind: 'bearer', token: 'secret' })
  kept.add('GET /a', past('1'))
  expect(kept.auth('GET /a')).toEqual({ kind: 'bearer', token: 'secret' })
  expect(kept.auth('GET /b')).toEqual({ kind: 'none' })
  expect(JSON.stringify(kept.history('GET /a'))).not.toContain('secret')
  kept.setAuth('GET /a', { kind: 'none' })
  expect([...memory.values()].join()).not.toContain('secret')
})

test('long requests are not kept, and a full store costs the history only', () => {
  kept.add('GET /a', past('1'))
  kept.add('GET /a', past('x'.repeat(50_000)))
  expect(kept.history('GET /a')).toHaveLength(1)
  for (let at = 0; at < 3; at += 1) kept.add('GET /a', past(`${at}${'x'.repeat(35_000)}`))
  expect(kept.history('GET /a')).toEqual([])
})

test('what is broken is as if it were not there', () => {
  memory.set('workbench-requests shop GET /a', '{')
  expect(kept.history('GET /a')).toEqual([])
})
