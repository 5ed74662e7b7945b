import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Queue, QueueContents, Trace } from '../src/api/types.ts'
import { open, type Harness } from './harness.ts'

const CHARGE = `
config = {
    "type": "event", "name": "ChargeCard", "subscribes": ["payment.requested"], "flows": ["billing"],
    "infrastructure": {"queue": {"maxRetries": 0}},
}

class CardDeclined(Exception):
    pass

async def handler(input, ctx):
    if input.card == "slow":
        raise TimeoutError(f"no answer in {input.amount} ms")
    if input.card != "good":
        raise CardDeclined(f"card {input.amount} was declined")
    await ctx.state.set("charged", input.order, input.amount)
`
const KEEP = `
config = {"type": "event", "name": "KeepPayment", "subscribes": ["payment.kept"], "flows": ["billing"]}

async def handler(input, ctx):
    await ctx.state.set("kept", input.order, input.amount)
`
const QUEUE = { topic: 'payment.requested', step: 'ChargeCard', kind: 'event' }
const PLACE = 'queues/ChargeCard?topic=payment.requested&kind=event'

let workbench: Harness

const contents = (): Promise<QueueContents> => workbench.api('GET', '/queue', { query: { ...QUEUE, limit: '1000' } })

/** Waits for something in the store, which comes without a word to the page. */
async function until<T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const value = await read()
    if (isDone(value)) return value
    if (tries > 200) throw new Error(`it did not come: ${JSON.stringify(value)}`)
    await workbench.page.waitForTimeout(50)
  }
}

async function die(orders: readonly [order: string, amount: number, card: string][]): Promise<void> {
  const before = (await contents()).dead
  for (const [order, amount, card] of orders) {
    await workbench.api('POST', '/emit', { body: { topic: QUEUE.topic, data: { order, amount, card } } })
  }
  await until(contents, ({ dead }) => dead === before + orders.length)
}

async function choose(name: string): Promise<void> {
  await workbench.page.getByRole('dialog').getByRole('button', { name, exact: true }).click()
}

beforeAll(async () => {
  workbench = await open({ files: { 'steps/billing/charge_step.py': CHARGE, 'steps/billing/keep_step.py': KEEP } })
})

afterAll(() => workbench?.close())

test('queues are listed with their counts, filtered and ordered', async () => {
  const { page, show, api } = workbench
  await die([['a', 1, 'bad'], ['b', 2, 'bad'], ['c', 3, 'slow']])
  await show('queues')
  const rows = page.getByRole('grid', { name: 'Queues' }).getByRole('row')
  await rows.nth(1).waitFor()
  const { queues } = await api<{ queues: Queue[] }>('GET', '/queues')
  expect(await rows.count()).toBe(queues.length + 1)
  await page.getByRole('button', { name: 'Dead' }).click()
  expect(await rows.nth(1).textContent()).toContain('ChargeCard')
  await page.keyboard.press('/')
  await page.keyboard.type('kept')
  await expect.poll(() => rows.count()).toBe(2)
  for (const part of ['filter=kept', 'sort=-dead']) expect(page.url()).toContain(part)
})

test('dead letters stand by what they died of, with the line that threw, and lead to their trace and back', async () => {
  const { page, show, api } = workbench
  await show(PLACE)
  const causes = page.locator('[role=row][aria-level="1"]')
  await causes.nth(1).waitFor()
  expect(await causes.allTextContents()).toEqual([
    expect.stringContaining('CardDeclined card … was declined'),
    expect.stringContaining('TimeoutError no answer in … ms'),
  ])
  const { deadLetters } = await contents()
  const letter = deadLetters.find(({ data }) => (data as { order: string }).order === 'c')
  await page.getByText(`#${letter?.id}`, { exact: true }).click()
  await page.getByText('steps/billing/charge_step.py:12').waitFor()
  await page.locator('.cm-marked').getByText('TimeoutError').waitFor()
  const { spanList } = await api<Trace>('GET', '/trace', { query: { id: letter?.traceId ?? '' } })
  const span = spanList.find(({ causeId }) => causeId === letter?.eventId)
  await expect
    .poll(() => page.getByRole('link', { name: 'Show in its trace' }).getAttribute('href'))
    .toBe(`#/traces/${letter?.traceId}?span=${span?.spanId}`)
  expect(span?.deadLetter).toEqual({ ...QUEUE, id: letter?.id })
  await page.keyboard.press('Escape')
  await causes.first().waitFor()
})

test('one is redriven with other data, and its end is told', async () => {
  const { page, show, api } = workbench
  const letter = (await contents()).deadLetters.find(({ data }) => (data as { order: string }).order === 'c')
  await show(`${PLACE}&dead=${letter?.id}`)
  await page.getByRole('button', { name: 'Redrive…' }).click()
  const editor = page.getByRole('textbox', { name: 'Data of the event' })
  await editor.fill('{"order": "c", "amount": 3')
  expect(await page.getByRole('button', { name: 'Redrive with this data' }).isDisabled()).toBe(true)
  await editor.fill('{"order": "c", "amount": 3, "card": "good"}')
  await choose('Redrive with this data')
  await page.getByRole('status').filter({ hasText: '1 handled' }).getByText('1 dead letter is an event again.').waitFor()
  expect((await contents()).deadLetters.map(({ id }) => id)).not.toContain(letter?.id)
  const { value } = await api<{ value: number }>('GET', '/state/value', { query: { group: 'charged', key: 'c' } })
  expect(value).toBe(3)
})

test('ticked ones go to another step', async () => {
  const { page, show, api } = workbench
  await die([['d', 4, 'slow']])
  await show(PLACE)
  await page.getByRole('checkbox', { name: 'All of CardDeclined' }).click()
  await page.getByRole('button', { name: 'Redrive 2 ticked…' }).click()
  await page.getByRole('combobox', { name: 'For' }).selectOption({ label: 'KeepPayment (payment.kept)' })
  await choose('Redrive 2 dead letters')
  await page.getByText('2 dead letters are events in the queue of KeepPayment (payment.kept).').waitFor()
  await page.getByText('2 handled').waitFor()
  const { value } = await api<{ value: number }>('GET', '/state/value', { query: { group: 'kept', key: 'b' } })
  expect(value).toBe(2)
})

test('a cause and all are redriven, and who dies again is told of', async () => {
  const { page, show } = workbench
  await die([['e', 5, 'bad'], ['f', 6, 'bad']])
  await show(PLACE)
  await page.locator('[role=row]').filter({ hasText: 'CardDeclined' }).getByRole('button', { name: 'Redrive 2…' }).click()
  await choose('Redrive 2 dead letters')
  await page.getByText('2 died again').waitFor()
  await page.getByRole('button', { name: 'Redrive all 3…' }).click()
  await choose('Redrive 3 dead letters')
  await page.getByText('3 died again').waitFor()
  expect((await contents()).dead).toBe(3)
})

test('a queue is paused, shows what waits, goes on, and is purged', async () => {
  const { page, show, api, errors } = workbench
  await show(PLACE)
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  expect((await contents()).paused).toBe(true)
  await api('POST', '/emit', { body: { topic: QUEUE.topic, data: { order: 'w', amount: 7, card: 'good' } } })
  await page.getByRole('tab', { name: /Events 1/ }).click()
  await page.getByRole('grid', { name: 'Events' }).getByText('order: "w"').click()
  await page.getByRole('group', { name: 'the data' }).getByText('"good"').waitFor()
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByText('No event waits').waitFor()
  await page.getByRole('button', { name: 'Purge…' }).click()
  await choose('Forget 3 dead letters')
  await page.getByText('3 dead letters of ChargeCard (payment.requested) forgotten.').waitFor()
  expect((await contents()).dead).toBe(0)
  expect(errors).toEqual([])
})

test('a link to a dead letter that is gone says so', async () => {
  const { page, show } = workbench
  await show(`${PLACE}&dead=999`)
  await page.getByText('Dead letter 999 is not here').waitFor()
})
