import { expect, test, vi } from 'vitest'

import type { Project } from '../src/api/types.ts'
import { commandsOf, traceCommand } from '../src/app/palette/commands.ts'
import type { Screen } from '../src/screens/registry.ts'

const ID = '0af7651916cd43dd8448eb211c80319c'
const screen = (name: string): Screen => ({ name, title: name, key: 'x', load: () => Promise.reject(new Error(name)) }) as never as Screen
const project = {
  steps: [
    {
      name: 'create-order',
      file: 'steps/create.step.ts',
      flows: ['orders'],
      triggers: [{ kind: 'api', method: 'POST', path: '/orders' }],
      emits: [{ topic: 'order.created' }],
    },
    { name: 'score', file: 'steps/score_step.py', flows: [], triggers: [{ kind: 'event', topic: 'order.created' }], emits: [] },
  ],
} as never as Project

function commands(...names: string[]) {
  const go = vi.fn()
  const means = { screens: names.map(screen), project, go, changeTheme: vi.fn(), clearTraces: vi.fn() }
  return { go, found: commandsOf(means) }
}

test('it offers screens, endpoints, steps, topics once each, and actions', () => {
  const { found, go } = commands('flow', 'endpoints')
  expect(found.map(({ title }) => title)).toEqual([
    'flow',
    'endpoints',
    'POST /orders',
    'create-order',
    'score',
    'Emit an event: order.created',
    'Change the theme',
    'Clear all traces and logs',
  ])
  found.find(({ title }) => title === 'POST /orders')?.run()
  expect(go).toHaveBeenCalledWith({ screen: 'endpoints', path: ['POST /orders'], query: {} })
})

test('what needs a screen that is not there is left out', () => {
  expect(commands('runners').found.map(({ title }) => title)).toEqual([
    'runners',
    'Change the theme',
    'Clear all traces and logs',
  ])
})

test('the id of a trace leads to it, anything else does not', () => {
  const go = vi.fn()
  traceCommand(` ${ID.toUpperCase()} `, go)?.run()
  expect(go).toHaveBeenCalledWith({ screen: 'traces', path: [ID], query: { span: '' } })
  expect(traceCommand('orders', go)).toBeUndefined()
})
