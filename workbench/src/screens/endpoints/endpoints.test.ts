import { expect, test } from 'vitest'

import type { Project, Step } from '../../api/types.ts'
import { endpointsOf, found, rowFor, rowsOf } from './endpoints.ts'

function step(name: string, file: string, flows: string[], routes: string[]): Step {
  const triggers = routes.map((route) => {
    const [method = '', path = ''] = route.split(' ')
    return { kind: 'api' as const, method, path, bodySchema: null, querySchema: null, pathSchema: null, queryParams: [] }
  })
  const none = { emits: [], virtualEmits: [], virtualSubscribes: [], node: null, timeout: 30, atomic: false }
  return { ...none, name, type: 'api', language: file.endsWith('.py') ? 'python' : 'node', file, description: '', flows, triggers }
}

const steps = [
  step('CreateOrder', 'steps/create.step.ts', ['shop'], ['POST /orders', 'PUT /orders']),
  step('GetOrder', 'steps/get.step.js', ['shop', 'board'], ['GET /orders/:id']),
  step('Ping', 'steps/ping_step.py', [], ['GET /ping']),
  step('Score', 'steps/score_step.py', [], []),
]
const endpoints = endpointsOf({ steps } as unknown as Project)
const titles = (by: 'flow' | 'language', text = ''): string[] => rowsOf(found(endpoints, text), by).map(({ title, isHeading }) => (isHeading ? `# ${title}` : title))

test('each route of each step is an endpoint', () => {
  expect(endpoints.map(({ id, step }) => `${id} ${step}`)).toEqual([
    'POST /orders CreateOrder',
    'PUT /orders CreateOrder',
    'GET /orders/:id GetOrder',
    'GET /ping Ping',
  ])
})

test('they are grouped by flow, those of none last', () => {
  expect(titles('flow')).toEqual(['# board', 'GET /orders/:id', '# shop', 'POST /orders', 'PUT /orders', 'GET /orders/:id', '# In no flow', 'GET /ping'])
})

test('they are grouped by the language they are written in', () => {
  expect(titles('language')).toEqual(['# JavaScript', 'GET /orders/:id', '# Python', 'GET /ping', '# TypeScript', 'POST /orders', 'PUT /orders'])
})

test('method, path and step are searched, word by word', () => {
  expect(titles('language', 'put ord')).toEqual(['# TypeScript', 'PUT /orders'])
  expect(titles('language', 'getorder')).toEqual(['# JavaScript', 'GET /orders/:id'])
  expect(titles('flow', 'delete')).toEqual([])
})

test('of an endpoint of two flows the row is marked that was chosen', () => {
  const rows = rowsOf(endpoints, 'flow')
  expect(rowFor(rows, 'GET /orders/:id', '')).toBe('board GET /orders/:id')
  expect(rowFor(rows, 'GET /orders/:id', 'shop GET /orders/:id')).toBe('shop GET /orders/:id')
  expect(rowFor(rows, 'GET /gone', '')).toBeNull()
})
