import { expect, test } from 'vitest'

import { stepOf } from './testSteps.ts'
import { ALL, LOOSE, viewOf, viewsOf } from './views.ts'

const project = {
  flows: ['orders', 'payment'],
  steps: [stepOf('both', { flows: ['orders', 'payment'] }), stepOf('one', { flows: ['payment'] }), stepOf('loose')],
}

test('a step is in each of its flows; those without one have a view of their own', () => {
  const views = viewsOf(project).map(({ id, steps }) => [id, steps.map(({ name }) => name)])
  expect(views).toEqual([['orders', ['both']], ['payment', ['both', 'one']], [LOOSE, ['loose']], [ALL, ['both', 'one', 'loose']]])
})

test('without flows there is one view', () => {
  expect(viewsOf({ flows: [], steps: [stepOf('loose')] }).map(({ id }) => id)).toEqual([ALL])
})

test.each([
  ['payment', '', 'payment'],
  ['', '', 'orders'],
  ['', 'one', 'payment'],
  ['', 'loose', LOOSE],
  ['', 'gone', 'orders'],
  ['gone', 'one', undefined],
])('flow "%s" and step "%s" ask for %s', (flow, step, id) => {
  expect(viewOf(viewsOf(project), flow, step)?.id).toBe(id)
})
