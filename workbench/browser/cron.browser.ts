import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Schedule, TraceSummary } from '../src/api/types.ts'
import { open, type Harness } from './harness.ts'

const NIGHTLY = `
config = {"type": "cron", "name": "Nightly", "cron": "30 2 * * mon-fri", "timezone": "Europe/Berlin", "flows": ["night"]}

async def handler(ctx):
    await ctx.state.set("nights", "last", "done")
`
const SYNC = `
config = {
    "type": "cron", "name": "SyncRates", "cron": "0 5 1 1 *", "flows": ["night"],
    "infrastructure": {"queue": {"maxRetries": 0}},
}

async def handler(ctx):
    raise ConnectionError("no rates today")
`

let workbench: Harness

beforeAll(async () => {
  workbench = await open({ files: { 'steps/night/nightly_step.py': NIGHTLY, 'steps/night/sync_step.py': SYNC } })
})

afterAll(() => workbench?.close())

test('schedules are in words, with their zone and next run', async () => {
  const { page, show, api } = workbench
  await show('cron')
  const grid = page.getByRole('grid', { name: 'Schedules' })
  const row = grid.getByRole('row').filter({ hasText: 'Nightly' })
  await row.waitFor()
  const text = await row.textContent()
  for (const part of ['At 02:30, Monday to Friday', '30 2 * * mon-fri', 'Europe/Berlin']) expect(text).toContain(part)
  const { schedules } = await api<{ schedules: Schedule[] }>('GET', '/cron')
  expect(await grid.getByRole('row').count()).toBe(schedules.length + 1)
  const next = schedules.find(({ step }) => step === 'Nightly')?.next
  expect(await row.locator('time').first().getAttribute('datetime')).toBe(next)
})

test('a run that is asked for ends before the eyes, and leads to its trace', async () => {
  const { page, show, api } = workbench
  await show('cron/Nightly')
  await page.getByText('No run yet').waitFor()
  await page.getByRole('button', { name: 'Run now', exact: true }).click()
  await page.getByText('The run that you asked for took').waitFor()
  const { traces } = await api<{ traces: TraceSummary[] }>('GET', '/traces', { query: { kind: 'cron', step: 'Nightly' } })
  expect(traces.map(({ status }) => status)).toEqual(['ok'])
  const link = page.getByRole('link', { name: 'Show its trace' })
  expect(await link.getAttribute('href')).toBe(`#/traces/${traces[0]?.traceId}`)
  const { value } = await api<{ value: string }>('GET', '/state/value', { query: { group: 'nights', key: 'last' } })
  expect(value).toBe('done')
  await link.click()
  await expect.poll(() => page.url()).toContain(`#/traces/${traces[0]?.traceId}`)
})

test('a run that fails is told of with its error, and its dead letter is one step away', async () => {
  const { page, show, errors } = workbench
  await show('cron')
  await page.keyboard.press('/')
  await page.keyboard.type('rates')
  await page.keyboard.press('Enter')
  await page.getByRole('grid', { name: 'Schedules' }).focus()
  await page.keyboard.press('ArrowDown')
  await page.getByRole('button', { name: 'Run now', exact: true }).waitFor()
  await page.keyboard.press('r')
  await page.getByText('and failed: ConnectionError: no rates today').waitFor()
  const runs = page.getByRole('grid', { name: 'Last runs' }).getByRole('row')
  expect(await runs.nth(1).textContent()).toContain('no rates today')
  await page.getByRole('link', { name: '1 run failed for good: see the dead letters' }).click()
  await page.getByRole('treegrid').getByText('ConnectionError').waitFor()
  expect(errors).toEqual([])
})
