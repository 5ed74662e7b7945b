import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import type { Project, TraceSummary } from '../src/api/types.ts'
import { open, type Harness } from './harness.ts'

const BROKEN = 'steps/tries/greet_step.py'
const MENDED = `config = {"type": "api", "name": "Greet", "method": "GET", "path": "/greet", "flows": ["tries"]}

async def handler(req, ctx):
    return {"status": 200, "body": {}}
`

let workbench: Harness

beforeAll(async () => {
  workbench = await open()
})

afterAll(() => workbench?.close())
beforeEach(async () => {
  await workbench.page.evaluate(() => localStorage.clear()).catch(() => undefined)
})

const live = (word: string) => workbench.page.getByRole('status').getByText(word, { exact: true })
/** What has the focus, by the name that people hear. */
const focused = (): Promise<string | null> => workbench.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? null)
const isInDialog = (): Promise<boolean> =>
  workbench.page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog[open]') !== null)

test('a runtime that is started again under an open page is found again, with its new token and what it has kept', async () => {
  const { page, show, request, api, stop, start, token, errors } = workbench
  await request('GET', '/orders/before')
  await show('traces')
  const rows = page.getByRole('grid', { name: 'Traces' }).getByRole('row').filter({ hasText: 'GET /orders/:id' })
  await rows.first().waitFor()
  await stop()
  await live('Reconnecting').waitFor()
  expect(await rows.count()).toBe(1)
  await start()
  expect(workbench.token).not.toBe(token)
  await live('Live').waitFor()
  await request('GET', '/orders/after')
  await expect.poll(() => rows.count()).toBe(2)
  const { traces } = await api<{ traces: TraceSummary[] }>('GET', '/traces', { query: { step: 'GetOrder' } })
  expect(traces).toHaveLength(2)
  expect(errors).toEqual([])
})

test('a file that breaks is told of on every screen, with its place, until it is mended', async () => {
  const { page, show, api, root } = workbench
  const problems = async (): Promise<Project['problems']> => (await api<Project>('GET', '/project')).problems
  await show('cron')
  const before = (await problems()).length
  await writeFile(await placeOf(root), `${MENDED}\nreturn = 1\n`)
  const banner = page.getByRole('button', { name: /\d+ problems?$/ })
  await banner.waitFor()
  await banner.click()
  const dialog = page.getByRole('dialog', { name: 'Problems' })
  await dialog.getByText(`${BROKEN}:6`).waitFor()
  expect((await problems()).map(({ file }) => file)).toContain(BROKEN)
  await writeFile(await placeOf(root), MENDED)
  await dialog.getByText(BROKEN).first().waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  expect(await banner.count()).toBe(before === 0 ? 0 : 1)
  expect(await problems()).toHaveLength(before)
  await rm(await placeOf(root))
})

async function placeOf(root: string): Promise<string> {
  await mkdir(join(root, 'steps/tries'), { recursive: true })
  return join(root, BROKEN)
}

test('two keys lead to each screen, and one lists all keys', async () => {
  const { page, show } = workbench
  await show('runners')
  for (const [key, title] of [['t', 'Traces'], ['l', 'Logs'], ['s', 'State'], ['m', 'Streams'], ['q', 'Queues'], ['c', 'Cron'], ['e', 'Endpoints'], ['r', 'Runners'], ['f', 'Flow']] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.locator('main').getByRole('heading', { name: title, exact: true }).waitFor()
    expect(await page.title()).toBe(`${title} · Workbench`)
    expect(await page.getByRole('navigation').locator('[aria-current=page]').textContent()).toBe(title)
  }
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await help.getByText('Find anything').waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('t')
  expect(page.url()).toContain('#/flow')
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'detached' })
})

test('a dialog keeps the focus, and gives it back', async () => {
  const { page, show } = workbench
  await show('runners')
  const opener = page.getByRole('button', { name: 'Keyboard shortcuts (?)' })
  await opener.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  for (let at = 0; at < 6; at += 1) {
    expect(await isInDialog()).toBe(true)
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await focused()).toBe('Keyboard shortcuts (?)')
})

test('the palette finds what is typed, opens it, and gives the focus back when it is left', async () => {
  const { page, show, api } = workbench
  await show('runners')
  await page.getByRole('button', { name: /^Theme/ }).focus()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').waitFor()
  await page.keyboard.press('Escape')
  expect(await focused()).toMatch(/^Theme/)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('no such thing')
  await page.getByText('Nothing is called like that.').waitFor()
  await page.getByRole('combobox').fill('scoreorder')
  await page.getByRole('option', { name: /^ScoreOrder/ }).waitFor()
  const { steps } = await api<Project>('GET', '/project')
  const { file } = steps.find(({ name }) => name === 'ScoreOrder')!
  expect(await page.getByRole('option', { selected: true }).textContent()).toContain(file)
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Step ScoreOrder' }).waitFor()
  expect(page.url()).toContain('step=ScoreOrder')
})

test('the theme that is chosen stays chosen', async () => {
  const { page, show } = workbench
  await show('runners')
  const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await ground()
  await page.getByRole('button', { name: 'Theme: as the system has it' }).click()
  await page.getByRole('button', { name: 'Theme: light' }).waitFor()
  await page.keyboard.press('Control+.')
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor()
  const dark = await ground()
  expect(dark).not.toBe(light)
  await page.reload()
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor()
  expect(await ground()).toBe(dark)
  await page.keyboard.press('Control+.')
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await ground()).toBe(dark)
  await page.emulateMedia({ colorScheme: 'light' })
  expect(await ground()).toBe(light)
})

test('where the page comes without the token it is asked for, and a wrong one is refused', async () => {
  const { page, show, url, token } = workbench
  await show('runners')
  const place = `${url}/__runtime/workbench/`
  const withoutToken = (text: string): string => text.replace(/(<meta name="runtime-token" content=")[^"]*/, '$1')
  await page.route(place, async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, body: withoutToken(await answer.text()) })
  })
  await page.evaluate(() => sessionStorage.setItem('runtime-token', 'of another run'))
  await page.goto('about:blank')
  await page.goto(`${place}#/runners`)
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor()
  expect(await page.getByText('The runtime did not accept this token.').count()).toBe(0)
  await page.getByLabel('Token').fill('wrong')
  await page.keyboard.press('Enter')
  await page.getByText('The runtime did not accept this token.').waitFor()
  await page.getByLabel('Token').fill(token)
  await page.keyboard.press('Enter')
  await page.getByRole('grid', { name: 'Runner processes' }).waitFor()
  await page.unroute(place)
})

test('the first Tab leads past the navigation', async () => {
  const { page, show } = workbench
  await show('runners')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('stage')
  expect(page.url()).toContain('#/runners')
})
