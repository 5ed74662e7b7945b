import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Runner } from '../src/api/types.ts'
import { open, type Harness } from './harness.ts'

let workbench: Harness

beforeAll(async () => {
  workbench = await open()
})

afterAll(() => workbench?.close())

test('each runner has its row', async () => {
  const { page, api, show, errors } = workbench
  await show('runners')
  const rows = page.getByRole('grid', { name: 'Runner processes' }).getByRole('row')
  await rows.nth(1).waitFor()
  const { runners } = await api<{ runners: Runner[] }>('GET', '/runners')
  expect(await rows.count()).toBe(runners.length + 1)
  for (const { pid } of runners) await page.getByRole('gridcell', { name: String(pid), exact: true }).waitFor()
  expect(errors).toEqual([])
})
