import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Trace, TraceSummary } from '../src/api/types.ts'
import { open, type Harness } from './harness.ts'

const TAKES = 'steps/deep/take_step.py'
/** Its line that throws is far below the first, and two frames below the handler. */
const TAKE = `config = {
    "type": "event",
    "name": "TakeDeep",
    "subscribes": ["deep.asked"],
    "emits": [],
    "flows": ["deep"],
    "infrastructure": {"queue": {"maxRetries": 0}},
}
${'\n# far above\n'.repeat(12)}

def innermost(size):
    # before
    # it
    raise OverflowError(f"{size} is too deep")
    # behind
    # it


def between(size):
    return innermost(size)


async def handler(input, ctx):
    return between(input["size"])
${'\n# far below\n'.repeat(12)}`

const ASK = `
export const config = { type: 'api', name: 'AskDeep', method: 'POST', path: '/deep', emits: ['deep.asked'], flows: ['deep'] }
export const handler = async (req, { emit }) => {
  await emit({ topic: 'deep.asked', data: { size: req.body.size } })
  return { status: 202, body: {} }
}
`

const SIZES = [
  { width: 1280, height: 800 },
  { width: 1024, height: 700 },
]
const CHANGED = 'This file has changed since this run'

let workbench: Harness

beforeAll(async () => {
  workbench = await open({ files: { [TAKES]: TAKE, 'steps/deep/ask.step.ts': ASK } })
})

afterAll(() => workbench?.close())

/** A trace in which AskDeep did well and TakeDeep has failed. */
async function failed(): Promise<TraceSummary> {
  const id = (await workbench.request('POST', '/deep', { size: 3 })).headers.get('x-trace-id') ?? ''
  const read = async (): Promise<TraceSummary | undefined> =>
    (await workbench.api<{ traces: TraceSummary[] }>('GET', '/traces', { query: { step: 'TakeDeep', status: 'failed', limit: '20' } })).traces.find(({ traceId }) => traceId === id)
  await expect.poll(async () => (await read())?.spans).toBe(2)
  return (await read()) as TraceSummary
}

/** Whether all of it is in sight, whatever scrolls around it. */
function isInSight(found: Locator): Promise<boolean> {
  return found.evaluate((element) => {
    const { left, top, bottom } = element.getBoundingClientRect()
    const holds = (y: number): boolean => element.contains(document.elementFromPoint(left + 20, y))
    return bottom <= innerHeight && holds(top + 2) && holds(bottom - 2)
  })
}

test.each(SIZES)('the line that threw is in sight at $width x $height, without a scroller of its own', async (size) => {
  const { page, show, errors } = workbench
  const { traceId } = await failed()
  await page.setViewportSize(size)
  await show(`traces/${traceId}`)
  const panel = page.getByRole('region', { name: 'the span' })
  const thrown = panel.locator('.cm-marked').first()
  await thrown.waitFor()
  expect(await thrown.textContent()).toContain('raise OverflowError')
  await expect.poll(() => isInSight(thrown)).toBe(true)
  expect(await panel.locator('.cm-scroller').first().evaluate((box) => box.scrollHeight - box.clientHeight)).toBe(0)

  await panel.getByRole('button', { name: 'Whole file' }).click()
  const whole = page.getByRole('dialog')
  await whole.locator('.cm-marked').waitFor()
  await expect.poll(() => isInSight(whole.locator('.cm-marked'))).toBe(true)
  await page.keyboard.press('Escape')
  await whole.waitFor({ state: 'detached' })
  await page.setViewportSize(SIZES[0]!)
  expect(errors).toEqual([])
})

test('a dead letter opens at the frame that threw', async () => {
  const { page, show } = workbench
  const { traceId } = await failed()
  const { spanList } = await workbench.api<Trace>('GET', '/trace', { query: { id: traceId } })
  await show(`queues/TakeDeep?topic=deep.asked&kind=event&dead=${spanList[1]?.deadLetter?.id}`)
  const frames = page.getByRole('list', { name: 'Stack' }).first().getByRole('listitem')
  await frames.first().locator('.cm-marked').waitFor()
  expect(await frames.first().locator('.cm-marked').textContent()).toContain('raise OverflowError')
  expect(await frames.getByRole('button', { expanded: true }).allTextContents()).toEqual([expect.stringContaining('in innermost')])
})

test('Back goes from a trace to the one before, and from a source to what is known of its step', async () => {
  const { page, show } = workbench
  await failed()
  await failed()
  await show('traces?step=AskDeep')
  const rows = page.getByRole('grid', { name: 'Traces' }).getByRole('row')
  await rows.nth(1).click()
  await expect.poll(() => page.url()).toMatch(/traces\/[0-9a-f]{32}/)
  const first = page.url()
  await rows.nth(2).click()
  await expect.poll(() => page.url()).not.toBe(first)
  await page.goBack()
  await expect.poll(() => page.url()).toBe(first)
  await page.goBack()
  await expect.poll(() => page.url()).toMatch(/#\/traces\?step=AskDeep$/)

  await show('flow?flow=deep&step=AskDeep')
  await page.getByRole('tab', { name: 'Source' }).click()
  await page.getByRole('tab', { name: 'Source', selected: true }).waitFor()
  await page.goBack()
  await page.getByRole('tab', { name: 'Overview', selected: true }).waitFor()
})

test('the last runs of a step are told by what itself did', async () => {
  const { page, show } = workbench
  await failed()
  const rowOf = async (step: string): Promise<string> => {
    await show(`flow?flow=deep&step=${step}`)
    const row = page.getByRole('button', { name: 'POST /deep' }).first()
    await row.getByText(/^(202|failed)/).waitFor()
    return (await row.textContent()) ?? ''
  }
  const asking = await rowOf('AskDeep')
  expect(asking).toContain('202')
  expect(asking).not.toContain('too deep')
  const taking = await rowOf('TakeDeep')
  expect(taking).toContain('failed')
  expect(taking).toContain('3 is too deep')
})

test('a request sent from here asks for its trace to be kept, and what has failed of it or of an event is told', async () => {
  const { page, show } = workbench
  await show(`endpoints/${encodeURIComponent('POST /deep')}`)
  const asked = page.waitForRequest((sent) => sent.method() === 'POST' && new URL(sent.url()).pathname === '/deep')
  await page.getByRole('textbox', { name: /body/i }).first().fill('{"size": 9}')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  const [, traceId = '', parent = ''] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec((await asked).headers()['traceparent'] ?? '') ?? []
  await page.getByText('9 is too deep').waitFor()
  await page.locator(`a[href="#/traces/${traceId}"]`).click()
  const spans = page.getByRole('tree', { name: 'Spans of the trace' }).locator('[data-row=span]')
  await expect.poll(() => spans.count()).toBe(2)
  expect(await spans.first().textContent()).toContain('AskDeep')
  expect((await workbench.api<Trace>('GET', '/trace', { query: { id: traceId } })).spanList[0]?.parentId).toBe(parent)
  await page.getByRole('heading', { name: 'POST /deep' }).waitFor()

  await show('endpoints?emit=deep.asked')
  await page.getByRole('textbox', { name: 'Data of the event' }).fill('{"size": 8}')
  await page.getByRole('button', { name: 'Emit', exact: true }).click()
  await page.getByText('8 is too deep').waitFor()
})

test('a source that was mended since is not blamed for the old failure', async () => {
  const { page, root, show } = workbench
  const { traceId } = await failed()
  await show(`traces/${traceId}`)
  const panel = page.getByRole('region', { name: 'the span' })
  await panel.locator('.cm-marked').first().waitFor()
  expect(await panel.getByText(CHANGED).count()).toBe(0)
  await appendFile(join(root, TAKES), '# mended\n')
  await panel.getByText(CHANGED).waitFor()
})
