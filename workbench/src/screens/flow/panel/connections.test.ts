import { expect, test } from 'vitest'

import { stepOf } from '../testSteps.ts'
import { outgoingOf } from './connections.ts'

test('takers are found in every flow; what was not declared is said, what is virtual has none', () => {
  const step = stepOf('a', { flows: ['one'], emits: ['t', 'nobody'], virtualEmits: ['v'] })
  const steps = [step, stepOf('b', { flows: ['two'], takes: ['t', 'v', 'secret'] })]
  const seen = [{ step: 'a', topic: 'secret' }, { step: 'b', topic: 'x' }]
  expect(outgoingOf(step, steps, seen).map(({ topic, kind, takers }) => [topic, kind, takers])).toEqual([
    ['t', 'real', ['b']],
    ['nobody', 'real', []],
    ['secret', 'undeclared', ['b']],
    ['v', 'virtual', []],
  ])
})
