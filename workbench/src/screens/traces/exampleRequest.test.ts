import { expect, test } from 'vitest'

import type { Project, Step, Trigger } from '../../api/types.ts'
import { exampleRequest } from './exampleRequest.ts'

function project(...triggers: Trigger[]): Project {
  const steps = triggers.map((trigger) => ({ triggers: [trigger] }) as unknown as Step)
  return { name: 'p', version: '1', mode: 'dev', address: 'http://127.0.0.1:3000', steps, streams: [], problems: [], flows: [] }
}

function route(method: string, path: string, bodySchema: Project['streams'][number]['schema'] = null): Trigger {
  return { kind: 'api', method, path, bodySchema, querySchema: null, pathSchema: null, queryParams: [] }
}

test('the line runs a route that needs no more than it says', () => {
  expect(exampleRequest(project(route('GET', '/orders/:id'), route('GET', '/orders')))).toBe("curl 'http://127.0.0.1:3000/orders'")
})

test('a body is an example of its schema, fit for the shell', () => {
  const schema = { type: 'object', properties: { name: { const: "it's" } } }
  expect(exampleRequest(project(route('POST', '/orders', schema)))).toBe(
    `curl -X POST 'http://127.0.0.1:3000/orders' -H 'content-type: application/json' -d '{"name":"it'\\''s"}'`,
  )
})

test('without a route the first step is to make one', () => {
  expect(exampleRequest(undefined)).toBe('runtime generate step')
  expect(exampleRequest(project())).toBe('runtime generate step')
})
