import { expect, test } from 'vitest'

import type { Project } from '../../../api/types.ts'
import { NO_OPTIONS, optionsOf, topicsOf } from './topics.ts'

const schema = { type: 'object' }
const steps = [
  { name: 'A', triggers: [], emits: [{ topic: 'b', schema: null }, { topic: 'c', schema: null }] },
  { name: 'B', triggers: [{ kind: 'event', topic: 'b', inputSchema: schema }], emits: [] },
  { name: 'C', triggers: [{ kind: 'event', topic: 'a', inputSchema: null }], emits: [] },
]

test('topics are those that steps take or emit, with the schema that one of them tells', () => {
  expect(topicsOf({ steps } as unknown as Project)).toEqual([
    { name: 'a', takenBy: ['C'], emittedBy: [], schema: null },
    { name: 'b', takenBy: ['B'], emittedBy: ['A'], schema },
    { name: 'c', takenBy: [], emittedBy: ['A'], schema: null },
  ])
})

test('only options that are filled in are sent, numbers as numbers', () => {
  expect(optionsOf(NO_OPTIONS)).toEqual({})
  expect(optionsOf({ messageGroupId: 'g', delay: '1.5', idempotencyKey: 'k', priority: '2' })).toEqual({ messageGroupId: 'g', delay: 1.5, idempotencyKey: 'k', priority: 2 })
  expect(optionsOf({ ...NO_OPTIONS, delay: '2026-01-31T12:00:00Z', priority: 'x' })).toEqual({ delay: '2026-01-31T12:00:00Z', priority: 'x' })
})
