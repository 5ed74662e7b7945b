import { expect, test } from 'vitest'

import type { Trigger } from '../../api/types.ts'
import { sizeOf, triggerText } from './sizes.ts'
import { apiOf, stepOf } from './testSteps.ts'

test.each<[Trigger, string]>([
  [apiOf('GET', '/a/:id'), 'GET /a/:id'],
  [{ kind: 'cron', expression: '* * * * *', timezone: '' }, '* * * * *'],
  [{ kind: 'cron', expression: '0 9 * * *', timezone: 'Asia/Tokyo' }, '0 9 * * * Asia/Tokyo'],
  [{ kind: 'state', group: '', key: '', on: ['set'] }, '*: set'],
  [{ kind: 'state', group: '', key: 'k', on: ['set'] }, '*/k: set'],
  [{ kind: 'stream', stream: 's', group: 'g', id: '', on: ['create', 'delete'] }, 's/g: create, delete'],
])('%j reads %s', (trigger, text) => {
  expect(triggerText(trigger)).toBe(text)
})

test('a node grows with what it shows, up to a bound', () => {
  const height = (takes: string[], description = ''): number =>
    sizeOf({ id: 'a', kind: 'step', step: stepOf('a', { takes, description }) }).height
  expect(height(['a', 'b'])).toBeGreaterThan(height(['a']))
  expect(height(['a'], 'says')).toBeGreaterThan(height(['a']))
  expect(height(['a'], 'says a little more than one line has room for')).toBeGreaterThan(height(['a'], 'says'))
  expect(height(['a'], 'says '.repeat(100))).toBe(height(['a'], 'says '.repeat(10)))
  expect(height(Array(40).fill('t'))).toBe(height(Array(5).fill('t')))
})
