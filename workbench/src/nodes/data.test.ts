import { expect, test } from 'vitest'

import { apiOf, stepOf } from '../screens/flow/testSteps.ts'
import { nodeData } from './data.ts'

test('a node is told of its step what the page about custom nodes promises', () => {
  const step = stepOf('Send', { description: 'Sends', takes: ['a', 'b'], emits: [{ topic: 'x', label: 'X', conditional: true }], virtualSubscribes: ['v'], triggers: [apiOf('POST', '/send')] })
  expect(nodeData(step)).toMatchObject({
    name: 'Send', description: 'Sends', type: 'event', subscribes: ['a', 'b'], virtualSubscribes: ['v'], method: 'POST', path: '/send',
    emits: [{ topic: 'x', label: 'X', conditional: true }],
  })
})

test('what a step does not have is not there', () => {
  expect(Object.keys(nodeData(stepOf('a')))).not.toContain('method')
})
