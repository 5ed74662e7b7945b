import { expect, test } from 'vitest'

import { formatRoute, parseRoute, type Route } from './route.ts'

const routes: [string, Route][] = [
  ['#/traces', { screen: 'traces', path: [], query: {} }],
  ['#/traces/0af7?status=failed&text=a+b', { screen: 'traces', path: ['0af7'], query: { status: 'failed', text: 'a b' } }],
  ['#/state/a%2Fb/%25', { screen: 'state', path: ['a/b', '%'], query: {} }],
]

test.each(routes)('%s is read and written', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route)
  expect(formatRoute(route)).toBe(hash)
})

test('what is not given is left out', () => {
  expect(formatRoute({ screen: 'logs', query: { text: '', level: 'warn' } })).toBe('#/logs?level=warn')
  expect(parseRoute('')).toEqual({ screen: '', path: [], query: {} })
})

test('a broken escape is taken as it is', () => {
  expect(parseRoute('#/state/%zz').path).toEqual(['%zz'])
})
