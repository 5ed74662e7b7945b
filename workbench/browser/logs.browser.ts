import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Log } from '../src/api/types.ts'
import { open, type Harness } from './harness.ts'

const CHATTER = `
export const config = { type: 'api', name: 'Chatter', method: 'POST', path: '/chatter', emits: [], flows: ['chatter'] }
export const handler = async (req, { logger }) => {
  const { count, word, level } = req.body
  for (let at = 0; at < count; at++) logger[level ?? 'info'](word + ' ' + at, { at, deep: { inside: word } })
  return { status: 200, body: {} }
}
`

let workbench: Harness

beforeAll(async () => {
  workbench = await open({ files: { 'steps/chatter.step.ts': CHATTER } })
})

afterAll(() => workbench?.close())

/** Logs lines `word 0` to `word <count - 1>`, and waits until they are kept. */
async function chatter(word: string, count: number, level = 'info'): Promise<void> {
  await workbench.request('POST', '/chatter', { word, count, level })
  await expect.poll(async () => (await kept(`${word} ${count - 1}`)).length, { timeout: 20_000 }).toBe(1)
}

async function kept(text: string): Promise<Log[]> {
  return (await workbench.api<{ logs: Log[] }>('GET', '/logs', { query: { text, limit: '50' } })).logs
}

/** The line that was kept first. */
async function oldestKept(): Promise<Log> {
  let oldest: Log | undefined
  for (let before: number | null = 0; before !== null; ) {
    const page: { logs: Log[]; next: number | null } = await workbench.api('GET', '/logs', { query: { limit: '500', before: String(before) } })
    oldest = page.logs.at(-1) ?? oldest
    before = page.next
  }
  return oldest as Log
}

const list = () => workbench.page.getByRole('log', { name: 'Log lines' })
const line = (text: string) => list().getByRole('button', { name: text })
const scrolled = () => list().evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight)

test('lines appear as they are logged, and the end is followed', async () => {
  const { show } = workbench
  await chatter('first', 50)
  await show('logs')
  await line('first 49').waitFor()
  await chatter('second', 300)
  await line('second 299').waitFor()
  expect(await scrolled()).toBeLessThan(2)
})

test('who scrolls up is left alone, and told what came', async () => {
  const { page, show } = workbench
  await chatter('before', 200)
  await show('logs')
  await line('before 199').waitFor()
  await list().hover()
  await page.mouse.wheel(0, -1200)
  await page.getByRole('button', { name: 'Follow' }).waitFor()
  const top = () => list().evaluate((box) => box.scrollTop)
  const before = await top()
  await chatter('news', 7)
  await page.getByRole('button', { name: '7 new lines' }).waitFor()
  expect(await top()).toBe(before)
  await page.getByRole('button', { name: '7 new lines' }).click()
  await line('news 6').waitFor()
  await expect.poll(scrolled).toBeLessThan(2)
})

test('the filters ask the store', async () => {
  const { page, show } = workbench
  await chatter('calm', 3)
  await chatter('worried', 2, 'warn')
  await show('logs')
  await page.getByLabel('Level', { exact: true }).selectOption('warn')
  await line('worried 1').waitFor()
  await line('calm 2').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page.getByLabel('Search logs').fill('calm 1')
  await line('calm 1').waitFor()
  await expect.poll(() => list().getByRole('button', { expanded: false }).count()).toBe((await kept('calm 1')).length)
  expect(page.url()).toContain('text=calm+1')
  const [found] = await kept('worried 1')
  await page.getByLabel('Search logs').fill(found?.traceId ?? '')
  await line('worried 0').waitFor()
  await expect.poll(() => list().getByRole('button', { expanded: false }).count()).toBe(2)
})

test('a line opens to its data, and leads to its trace', async () => {
  const { page, show, errors } = workbench
  await chatter('deep', 1)
  const [found] = await kept('deep 0')
  await show('logs')
  await line('deep 0').click()
  await page.getByRole('group', { name: 'the data of the line' }).getByText('inside').waitFor()
  expect(page.url()).toContain(`line=${found?.id}`)
  await page.keyboard.press('k')
  await expect.poll(() => page.url()).not.toContain(`line=${found?.id}`)
  await list().getByRole('link', { name: found?.traceId?.slice(0, 8) ?? '' }).click()
  await page.getByRole('heading', { name: 'POST /chatter' }).waitFor()
  expect(page.url()).toContain(`#/traces/${found?.traceId}?span=${found?.spanId}`)
  expect(errors).toEqual([])
})

test('a link to a line opens there, and says that there are newer ones', async () => {
  const { page, show } = workbench
  await chatter('linked', 200)
  const [found] = await kept('linked 20')
  await show(`logs?line=${found?.id}`)
  await page.getByRole('group', { name: 'the data of the line' }).getByText('20', { exact: true }).waitFor()
  expect(await line('linked 20').first().getAttribute('aria-expanded')).toBe('true')
  await chatter('later', 3)
  await page.getByRole('button', { name: '3 new lines' }).click()
  await line('later 2').waitFor()
})

test('older lines come as one scrolls back, and nothing in sight moves', async () => {
  const { page, show, api } = workbench
  await chatter('many', 1200)
  await show('logs')
  await line('many 1199').waitFor()
  const { logs } = await api<{ logs: Log[] }>('GET', '/logs', { query: { limit: '500' } })
  const first = line(logs.at(-1)?.message ?? '').first()
  await list().hover()
  await page.mouse.wheel(0, -100_000)
  await expect.poll(() => first.count()).toBe(1)
  await expect.poll(() => list().evaluate((box) => box.scrollTop)).toBeGreaterThan(1000)
  const away = ((await first.boundingBox())?.y ?? 0) - ((await list().boundingBox())?.y ?? 0)
  expect(Math.abs(away)).toBeLessThan(2)

  const oldest = await oldestKept()
  const reach = async (): Promise<boolean> => {
    await page.mouse.wheel(0, -20_000)
    return ((await list().getByRole('button').first().textContent()) ?? '').includes(oldest.message)
  }
  await expect.poll(reach, { timeout: 40_000, interval: 30 }).toBe(true)
  const shown = await list().getByRole('button').allTextContents()
  expect(shown.length).toBeLessThan(120)
  const order = shown.flatMap((text) => /many (\d+)/.exec(text)?.[1] ?? []).map(Number)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

test('one goes to a time, and on from there in both directions', async () => {
  const { page, show, api } = workbench
  await chatter('passing', 1500)
  const [middle] = await kept('passing 250')
  // Of the lines of one millisecond it is the first.
  const query = { text: 'passing', since: middle?.time ?? '', order: 'oldest', limit: '1' }
  const [first] = (await api<{ logs: Log[] }>('GET', '/logs', { query })).logs
  await show(`logs?text=passing&at=${encodeURIComponent(middle?.time ?? '')}`)
  await line(first?.message ?? '').first().waitFor()
  await page.getByText('Newer ones come as you scroll down').waitFor()
  await list().hover()
  const turn = (pixels: number, text: string) => async (): Promise<boolean> => {
    await page.mouse.wheel(0, pixels)
    return (await line(text).count()) > 0
  }
  await expect.poll(turn(3000, 'passing 1499'), { timeout: 20_000, interval: 30 }).toBe(true)
  await page.getByText('Newer ones come as you scroll down').waitFor({ state: 'detached' })
  await expect.poll(turn(-3000, 'passing 0'), { timeout: 20_000, interval: 30 }).toBe(true)
  await page.getByText('This is all that is kept before').waitFor()

  await page.getByLabel('Go to a time').fill('2020-01-01T00:00:00')
  await expect.poll(() => page.url()).toContain('at=2020-01-01')
  await line('passing 0').waitFor()
  await page.getByRole('button', { name: 'To the newest lines' }).click()
  await line('passing 1499').waitFor()
  expect(page.url()).not.toContain('at=')
  await chatter('passing again', 3)
  await line('passing again 2').waitFor()
})
