import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import type { Json, Trace } from '../src/api/types.ts'
import { open, type Harness } from './harness.ts'

const PROGRESS = `export const config = { name: 'progress', schema: { type: 'object' }, baseConfig: { storageType: 'default' } }
`
const BEGIN = `export const config = { type: 'api', name: 'Begin', method: 'POST', path: '/begin', emits: [], flows: ['tries'] }
export const handler = async (_req, { streams }) => ({ status: 200, body: await streams.progress.set('all', 'one', { percent: 0 }) })
`
const TELL = `export const config = { type: 'api', name: 'Tell', method: 'GET', path: '/tell/:what', emits: [], flows: ['tries'],
  queryParams: [{ name: 'loud', description: 'How it is told' }] }
const said = []
export const handler = async (req) => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: (async function* () {
  yield 'first '
  while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 20)) // a test ends it through /say
  yield [req.pathParams.what, req.queryParams.loud, req.headers.authorization].join(' ')
})() })
export const say = () => said.push(true)
`
const SAY = `import { say } from './tell.step.js'
export const config = { type: 'api', name: 'Say', method: 'POST', path: '/say', emits: [], flows: ['tries'] }
export const handler = async () => { say(); return { status: 204 } }
`

let workbench: Harness

beforeAll(async () => {
  workbench = await open({
    files: {
      'steps/tries/progress.stream.js': PROGRESS,
      'steps/tries/begin.step.js': BEGIN,
      'steps/tries/tell.step.js': TELL,
      'steps/tries/say.step.js': SAY,
    },
  })
})

afterAll(() => workbench?.close())
beforeEach(async () => {
  await workbench.page.evaluate(() => localStorage.clear()).catch(() => undefined)
})

test('an endpoint is found, tried by the example of its schema, and its trace is linked', async () => {
  const { page, api, show, errors } = workbench
  await show('endpoints')
  await page.getByRole('searchbox').fill('post /ord')
  await page.getByRole('option').filter({ hasText: '/orders' }).click()
  await page.getByRole('textbox', { name: 'Body of the request' }).click()
  await page.keyboard.press('Control+Enter')
  await page.getByText('201 Created').waitFor()
  await page.getByText('"received"').waitFor()
  const { groups } = await api<{ groups: { group: string; keys: number }[] }>('GET', '/state')
  expect(groups.find(({ group }) => group === 'orders')?.keys).toBe(1)
  const id = await page.getByRole('link', { name: /^Trace / }).getAttribute('title')
  await page.getByText(/[234] runs/).waitFor()
  const trace = await api<Trace>('GET', '/trace', { query: { id: id ?? '' } })
  expect(trace.name).toBe('POST /orders')
  expect(errors).toEqual([])
})

test('parameters, a token and a body that comes in pieces', async () => {
  const { page, request, show } = workbench
  await show('endpoints/GET%20%2Ftell%2F%3Awhat')
  await page.getByText('Fill in what first').waitFor()
  await page.getByRole('textbox', { name: 'Value of what' }).fill('a/b')
  await page.getByRole('combobox', { name: 'Value of loud' }).or(page.getByRole('textbox', { name: 'Value of loud' })).fill('very')
  expect(await page.getByLabel('Address', { exact: true }).textContent()).toBe('/tell/a%2Fb?loud=very')
  await page.getByRole('tab', { name: 'Auth' }).click()
  await page.getByLabel('Send as').selectOption('bearer')
  await page.getByLabel('Token').fill('secret')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText('first', { exact: true }).waitFor()
  await page.getByText('comes in').waitFor()
  await request('POST', '/say')
  await page.getByText('first a/b very Bearer secret').waitFor()
  await page.getByRole('button', { name: 'Copy as curl' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`-H 'authorization: Bearer secret'`)
  await page.getByRole('tab', { name: /History/ }).click()
  await page.getByTitle('Use it again').waitFor()
  const kept = await page.evaluate(() => Object.entries(localStorage).filter(([name]) => name.startsWith('workbench-requests')))
  expect(kept).toHaveLength(1)
  expect(JSON.stringify(kept)).not.toContain('secret')
})

test('an answer that is an item of a stream goes on', async () => {
  const { page, api, show } = workbench
  await show('endpoints/POST%20%2Fbegin')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText('live', { exact: true }).waitFor()
  await page.getByText('no update yet').waitFor()
  const query = { stream: 'progress', group: 'all', id: 'one' }
  await api('PUT', '/item', { query, body: { value: { percent: 42 } } })
  await page.getByText('42', { exact: true }).waitFor()
  await api('POST', '/stream/send', { query, body: { type: 'cheer', data: null } })
  await page.getByText('Events sent to it').waitFor()
  await api('DELETE', '/item', { query })
  await page.getByText('It has been deleted.').waitFor()
})

test('an event is emitted, and what it has caused is linked', async () => {
  const { page, api, show } = workbench
  await show('endpoints?emit=order.created')
  await page.getByText('Taken by ScoreOrder').waitFor()
  await page.getByRole('textbox', { name: 'Data of the event' }).fill('{"orderId": "nobody"}')
  await page.getByRole('button', { name: 'Emit', exact: true }).click()
  const link = page.getByRole('link', { name: /^Trace / })
  await page.getByText('failed').waitFor()
  const trace = await api<Trace>('GET', '/trace', { query: { id: (await link.getAttribute('title')) ?? '' } })
  expect(trace.steps).toContain('ScoreOrder')
  expect(trace.spanList[0]?.input as Json).toMatchObject({ orderId: 'nobody' })
})

test('an emit that is refused says why', async () => {
  const { page, show } = workbench
  await show('endpoints?emit=order.created')
  await page.getByRole('textbox', { name: 'Data of the event' }).fill('{}')
  await page.getByLabel('Priority').fill('x')
  await page.getByRole('button', { name: 'Emit', exact: true }).click()
  await page.getByRole('alert').waitFor()
})
