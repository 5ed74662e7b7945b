import { expect, test } from 'vitest'

import type { ApiTrigger } from '../../api/types.ts'
import { pathParameters, queryParameters } from './parameters.ts'

const trigger: ApiTrigger = {
  kind: 'api',
  method: 'GET',
  path: '/a/:id/:rest*',
  bodySchema: null,
  pathSchema: { type: 'object', properties: { id: { type: 'integer', description: 'Of the order' } } },
  querySchema: {
    type: 'object',
    properties: { hard: { type: 'boolean' }, size: { enum: ['s', 'l'] }, page: { type: ['integer', 'null'] } },
    required: ['hard'],
  },
  queryParams: [
    { name: 'page', description: 'Which page', required: false },
    { name: 'text', description: 'To look for', required: true },
  ],
}

test('parameters of the path come in its order, with what the schema tells', () => {
  expect(pathParameters(trigger)).toMatchObject([
    { name: 'id', type: 'integer', description: 'Of the order', isRequired: true },
    { name: 'rest', isRequired: false },
  ])
  expect(pathParameters({ ...trigger, path: '/files/*' })).toMatchObject([{ name: '*', isRequired: false }])
})

test('parameters of the query come from the schema and from what is told beside it, each once', () => {
  expect(queryParameters(trigger)).toEqual([
    { name: 'hard', description: '', isRequired: true, type: 'boolean', choices: ['true', 'false'] },
    { name: 'size', description: '', isRequired: false, type: '', choices: ['s', 'l'] },
    { name: 'page', description: 'Which page', isRequired: false, type: 'integer', choices: [] },
    { name: 'text', description: 'To look for', isRequired: true, type: '', choices: [] },
  ])
})
