import { afterAll, beforeAll, expect, test } from 'vitest'

import { open, type Harness } from './harness.ts'

const PLACES = ['flow', 'endpoints', 'traces', 'logs', 'state', 'streams', 'queues', 'cron', 'runners']
/** What the page asks, without the page itself. */
const API = /\/__runtime\/(?!workbench\/)/

let workbench: Harness

beforeAll(async () => {
  workbench = await open()
  await workbench.request('GET', '/orders/none')
})

afterAll(() => workbench?.close())

const at = (place: string): string => `${workbench.url}/__runtime/workbench/#/${place}`
const alert = () => workbench.page.locator('main').getByRole('alert')

test('what the runtime refuses is told in its words on every screen, and read when it is asked for again', async () => {
  const { page } = workbench
  const detail = 'the disk of the store is full; make room and ask again'
  for (const place of PLACES) {
    await page.route(API, (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', json: { status: 500, detail } }))
    await page.goto('about:blank')
    await page.goto(at(place))
    await alert().first().waitFor()
    expect(await alert().first().textContent(), place).toContain(detail)
    const again = alert().getByRole('button', { name: 'Try again' })
    expect(await again.count(), place).toBeGreaterThan(0)
    await page.unroute(API)
    // All at once, and without waiting for them: the live connection may have come back, and all been read by itself.
    await again.evaluateAll((buttons) => buttons.forEach((button) => (button as HTMLButtonElement).click()))
    await expect.poll(() => alert().count(), { message: place }).toBe(0)
  }
})

test('where no runtime answers every screen says how to start it, and comes by itself when it does', async () => {
  const { page } = workbench
  await page.route(API, (route) => route.abort('connectionrefused'))
  await page.goto('about:blank')
  for (const place of PLACES) {
    await page.goto(at(place))
    await alert().getByText('The runtime does not answer').waitFor()
    await alert().getByText('runtime dev').waitFor()
    await page.getByRole('status').getByText('Reconnecting').waitFor()
  }
  await page.unroute(API)
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor()
  await expect.poll(() => alert().count()).toBe(0)
  for (const place of PLACES) {
    await page.goto(at(place))
    await expect.poll(() => alert().count(), { message: place }).toBe(0)
  }
})

test('a runtime of another version is told of', async () => {
  const { page, show } = workbench
  await page.route(API, (route) => route.fulfill({ status: 404, json: { status: 404, detail: 'GET /__runtime/runners is no route' } }))
  await show('runners')
  await alert().getByText('Restart it, then reload the page.').waitFor()
  await page.unroute(API)
})

test('what is not there any more is told of where it would be', async () => {
  const { page, show, api } = workbench
  const id = '0'.repeat(32)
  await expect(api('GET', '/trace', { query: { id } })).rejects.toThrow('404')
  for (const [place, says] of [
    [`traces/${id}`, 'not'],
    ['state/none?key=gone', 'There is no such value'],
    ['streams/none', 'none'],
    ['queues/Nobody?topic=t&kind=event', 'Nobody'],
    ['cron/Nobody', 'Nobody'],
    ['endpoints/GET%20%2Fgone', '/gone'],
    ['nothing', 'Flow'],
  ] as const) {
    await show(place)
    await expect.poll(() => page.locator('main').textContent(), { message: place }).toContain(says)
  }
})

test('a change that is refused says why, and nothing is lost of what was written', async () => {
  const { page, show, api } = workbench
  await api('POST', '/state/set', { query: { group: 'kept', key: 'k' }, body: { value: 1 } })
  await show('state/kept?key=k&tab=edit')
  const editor = page.getByRole('textbox', { name: 'The value as JSON' })
  await editor.fill('{"mine": true}')
  await page.route(API, (route) => (route.request().method() === 'GET' ? route.continue() : route.abort('connectionrefused')))
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('the runtime does not answer').first().waitFor()
  expect(await editor.textContent()).toContain('"mine"')
  await page.unroute(API)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('gridcell', { name: '{mine: true}' }).waitFor()
  const { value } = await api<{ value: unknown }>('GET', '/state/value', { query: { group: 'kept', key: 'k' } })
  expect(value).toEqual({ mine: true })
})
