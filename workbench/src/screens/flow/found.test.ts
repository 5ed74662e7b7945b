import { expect, test } from 'vitest'

import { foundIn } from './found.ts'
import { graphOf } from './graph.ts'
import { apiOf, stepOf } from './testSteps.ts'

const { nodes } = graphOf([stepOf('Create', { triggers: [apiOf('POST', '/orders')], emits: ['order.created'] }), stepOf('Score', { takes: ['order.created'] })], [])

test.each([
  ['  ', null],
  ['post /ord', ['steps/Create.step.ts']],
  ['ORDER.created', ['steps/Create.step.ts', 'steps/Score.step.ts']],
  ['nothing', []],
])('"%s" finds %j', (text, found) => {
  const ids = foundIn(nodes, text)
  expect(ids && [...ids]).toEqual(found)
})
