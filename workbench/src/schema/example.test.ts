import { expect, test } from 'vitest'

import type { Json, JsonSchema } from '../api/types.ts'
import { exampleOf } from './example.ts'

const tree: JsonSchema = {
  $ref: '#/$defs/Node',
  $defs: {
    Node: {
      type: 'object',
      properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/Node' } } },
      required: ['name'],
    },
  },
}

const cases: [string, JsonSchema | null, Json][] = [
  ['nothing known', null, {}],
  ['anything', true, null],
  ['a constant', { const: 7 }, 7],
  ['a default', { type: 'string', default: 'eur' }, 'eur'],
  ['an example', { type: 'string', examples: ['SKU-1'] }, 'SKU-1'],
  ['an enumeration', { enum: ['red', 'green'] }, 'red'],
  ['an optional text', { type: ['null', 'string'] }, 'text'],
  ['a nullable union', { anyOf: [{ type: 'null' }, { type: 'integer' }] }, 1],
  ['a long text', { type: 'string', minLength: 6 }, 'textxx'],
  ['a short text', { type: 'string', maxLength: 2 }, 'te'],
  ['an address', { type: 'string', format: 'email' }, 'ada@example.com'],
  ['a least number', { type: 'integer', minimum: 18 }, 18],
  ['a number above', { type: 'integer', exclusiveMinimum: 0 }, 1],
  ['a multiple', { type: 'number', multipleOf: 0.25, exclusiveMinimum: 0 }, 0.25],
  ['a negative number', { type: 'integer', maximum: -3 }, -3],
  ['a tuple', { type: 'array', prefixItems: [{ type: 'boolean' }, { type: 'integer' }] }, [false, 1]],
  ['a list', { type: 'array', items: { type: 'integer' }, minItems: 2 }, [1, 1]],
  ['an untold list', { type: 'array' }, []],
  ['an object without a type', { properties: { a: { type: 'integer' } } }, { a: 1 }],
  ['parts', { allOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } } }] }, { a: 1, b: 2 }],
  ['a choice with members of its own', { type: 'object', properties: { a: { const: 1 } }, oneOf: [{ properties: { b: { const: 2 } } }] }, { a: 1, b: 2 }],
  ['a reference to nowhere', { $ref: '#/$defs/Gone' }, null],
]

test.each(cases)('%s', (_, schema, value) => {
  expect(exampleOf(schema)).toEqual(value)
})

test('a schema that holds itself comes to an end', () => {
  const value = exampleOf(tree) as { name: string; children: Json[] }
  expect(value.name).toBe('text')
  expect(value.children).toHaveLength(1)
  expect(JSON.stringify(value).length).toBeLessThan(300)
})
