import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Project, TraceSummary } from '../src/api/types.ts'
import { open, type Harness } from './harness.ts'

const START = `
export const config = {
  type: 'api', name: 'StartPayment', method: 'POST', path: '/pay', flows: ['payment'],
  emits: [{ topic: 'payment.begun', label: 'Begun', conditional: true }],
}
export const handler = async (req: any, { emit }: any) => {
  await emit({ topic: 'payment.begun', data: req.body })
  await emit({ topic: 'payment.noted', data: {} })
  return { status: 202, body: {} }
}
`
const CHARGE = `config = {
    "type": "event", "name": "ChargeCard", "subscribes": ["payment.begun"], "flows": ["payment"],
    "virtualEmits": ["payment.settled"], "infrastructure": {"queue": {"maxRetries": 0}},
}


def price_of(payment):
    return payment["price"] * 2  # this line throws


async def handler(input, ctx):
    price_of(dict(input))
`
const NOTE = `export const config = { type: 'event', name: 'WriteNote', subscribes: ['payment.noted'], flows: ['payment'] }
export const handler = async () => {}
`
const SETTLE = `export const config = { type: 'noop', name: 'Settlement', virtualSubscribes: ['payment.settled'], virtualEmits: ['/pay'], flows: ['payment'] }
`
const CARD = `import React from 'react'
import { BaseHandle, Position } from 'motia/workbench'
export default function Card({ data }: any) {
  return (
    <div data-testid="card" className="bg-white border-2 border-blue-500 rounded-lg p-4 min-w-[260px]">
      <BaseHandle type="target" position={Position.Top} />
      <div className="text-sm text-gray-600">Drawn for {data.name}</div>
      <BaseHandle type="source" position={Position.Bottom} />
    </div>
  )
}
`
const THROWS = `export const Node = () => { throw new Error('no such colour') }\n`
const IN_CHARGE = 'steps/pay/charge_step.py'

let workbench: Harness

beforeAll(async () => {
  workbench = await open({
    files: {
      'steps/pay/start.step.ts': START,
      [IN_CHARGE]: CHARGE,
      'steps/pay/note.step.ts': NOTE,
      'steps/pay/note.step.tsx': THROWS,
      'steps/pay/settle.step.ts': SETTLE,
      'steps/pay/settle.step.tsx': CARD,
    },
  })
})

afterAll(() => workbench?.close())

function nodeOf(file: string): Locator {
  return workbench.page.locator(`[data-node="${file}"]`)
}

async function pay(body: { price?: number }): Promise<void> {
  expect((await workbench.request('POST', '/pay', body)).status).toBe(202)
}

async function inReadingOrder(): Promise<string[]> {
  const all = await workbench.page.locator('[data-node]').evaluateAll((nodes) =>
    nodes.map((node) => ({ file: node.getAttribute('data-node') ?? '', ...node.getBoundingClientRect().toJSON() as { x: number; y: number } })),
  )
  return all.toSorted((a, b) => a.y - b.y || a.x - b.x).map(({ file }) => file)
}

/** Whether a node is wholly there, and under nothing. */
function isInSight(file: string): Promise<boolean> {
  return nodeOf(file).evaluate((node) => {
    const box = node.getBoundingClientRect()
    const view = node.closest('.react-flow')
    const whole = view?.getBoundingClientRect()
    const over = [...view?.querySelectorAll('.react-flow__minimap, .flow-tools') ?? []].map((each) => each.getBoundingClientRect())
    if (whole === undefined || box.left < whole.left || box.top < whole.top || box.right > whole.right || box.bottom > whole.bottom) return false
    return !over.some((each) => box.left < each.right && each.left < box.right && box.top < each.bottom && each.top < box.bottom)
  })
}

async function placeOf(file: string): Promise<string | null> {
  return workbench.page.locator(`.react-flow__node[data-id="${file}"]`).evaluate((node) => (node as HTMLElement).style.transform)
}

test('a flow shows its steps and no others, with what leads from one to the next', async () => {
  const { page, show } = workbench
  await show('flow?flow=payment')
  await nodeOf(IN_CHARGE).waitFor()
  expect(await page.locator('[data-node]').count()).toBe(4)
  await expect.poll(() => page.locator('.flow-edge.is-real').count()).toBe(1)
  expect(await page.locator('.flow-edge.is-virtual').count()).toBe(2)
  expect(await page.locator('.flow-label.is-real').textContent()).toContain('ifBegun')
  await page.getByRole('combobox', { name: 'Flow' }).selectOption({ label: 'All steps' })
  await expect.poll(() => page.locator('[data-node]').count()).toBeGreaterThan(10)
})

test('what happens is counted where it happens, and nothing moves', async () => {
  const { page, show } = workbench
  await show('flow?flow=payment')
  await nodeOf(IN_CHARGE).getByText('0 runs').waitFor()
  await nodeOf('steps/pay/settle.step.ts').getByTestId('card').waitFor()
  const before = await placeOf(IN_CHARGE)
  await pay({ price: 3 })
  await nodeOf(IN_CHARGE).getByText('1 run', { exact: true }).waitFor()
  const undeclared = page.locator('.flow-label.is-undeclared')
  await undeclared.waitFor()
  expect(await undeclared.textContent()).toBe('undeclaredpayment.noted1')
  expect(await page.locator('.flow-label.is-real').textContent()).toBe('ifBegun1')
  expect(await placeOf(IN_CHARGE)).toBe(before)
})

test('from a failing node to the line that threw are three clicks', async () => {
  const { page, show, api } = workbench
  await show('flow?flow=payment')
  await pay({})
  await nodeOf(IN_CHARGE).getByText('1 failed').waitFor()
  await nodeOf(IN_CHARGE).click()
  await page.getByRole('button', { name: /^failed/ }).first().click()
  await page.getByRole('button', { name: `thrown at ${IN_CHARGE}:8` }).click()
  const line = page.locator('.cm-line[aria-current="true"]')
  await line.waitFor()
  expect(await line.textContent()).toContain('this line throws')
  const { traces } = await api<{ traces: TraceSummary[] }>('GET', '/traces', { query: { step: 'ChargeCard', status: 'failed' } })
  expect(traces).toHaveLength(1)
  await page.getByRole('button', { name: 'Copy path' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${IN_CHARGE}:8`)
})

test('keys walk the graph, open and close', async () => {
  const { page, show } = workbench
  await show('flow?flow=payment')
  await nodeOf('steps/pay/start.step.ts').waitFor()
  await nodeOf('steps/pay/settle.step.ts').getByTestId('card').waitFor()
  await nodeOf('steps/pay/start.step.ts').click()
  await page.keyboard.press('Escape')
  await expect.poll(() => page.getByRole('region', { name: 'Step StartPayment' }).count()).toBe(0)
  await nodeOf('steps/pay/start.step.ts').focus()
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-node'))).toBe(IN_CHARGE)
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Step ChargeCard' }).waitFor()
  expect(page.url()).toContain('step=ChargeCard')
})

test('j and k mark one step after the other as one reads, Enter opens, Esc leads back', async () => {
  const { page, show } = workbench
  await show('flow?flow=payment')
  await nodeOf('steps/pay/settle.step.ts').getByTestId('card').waitFor()
  const marked = (): Promise<string | null> => page.evaluate(() => document.activeElement?.closest('.flow-node.is-current')?.getAttribute('data-node') ?? null)
  const order = await inReadingOrder()
  for (const file of order) {
    await page.keyboard.press('j')
    await expect.poll(marked).toBe(file)
    expect(await nodeOf(file).evaluate((node) => getComputedStyle(node).outlineStyle)).toBe('solid')
    expect(await isInSight(file)).toBe(true)
  }
  await page.keyboard.press('k')
  await expect.poll(marked).toBe(order.at(-2))
  await page.keyboard.press('Tab')
  await expect.poll(marked).toBe(order.at(-1))
  await nodeOf(IN_CHARGE).focus()
  await expect.poll(marked).toBe(IN_CHARGE)
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Step ChargeCard' }).waitFor()
  await expect.poll(() => isInSight(IN_CHARGE)).toBe(true)
  await page.keyboard.press(order.at(-1) === IN_CHARGE ? 'k' : 'j')
  const panel = page.getByRole('region', { name: /^Step (?!ChargeCard)/ })
  await panel.waitFor()
  const followed = await marked()
  expect(followed).not.toBe(IN_CHARGE)
  await page.keyboard.press('Enter')
  await expect.poll(() => panel.evaluate((region) => region.contains(document.activeElement))).toBe(true)
  await page.keyboard.press('Escape')
  await expect.poll(() => page.getByRole('region', { name: /^Step / }).count()).toBe(0)
  await expect.poll(marked).toBe(followed)
})

test('a broken file marks its step, whose panel says what mends it; a warning is calmer', async () => {
  const { page, show, root } = workbench
  const node = nodeOf(IN_CHARGE)
  await show('flow?flow=payment')
  await node.waitFor()
  await writeFile(join(root, IN_CHARGE), CHARGE.replace('def price_of(payment):', 'def price_of(payment:'))
  await node.getByText('Error', { exact: true }).waitFor()
  expect(await node.getAttribute('aria-label')).toContain('1 error')
  await node.click()
  const panel = page.getByRole('region', { name: 'Step ChargeCard' })
  await panel.getByRole('heading', { name: 'Problem' }).waitFor()
  await panel.getByText(`${IN_CHARGE}:7`).first().waitFor()
  await panel.getByText('the code before goes on').waitFor()
  await writeFile(join(root, IN_CHARGE), CHARGE.replace('"flows"', '"flow": [], "flows"'))
  await node.getByText('Warning', { exact: true }).waitFor()
  await writeFile(join(root, IN_CHARGE), CHARGE)
  await node.getByText('Warning', { exact: true }).waitFor({ state: 'detached' })
})

test('what comes to be drawn otherwise takes its own size, and keeps its numbers', async () => {
  const { page, show, root } = workbench
  const node = nodeOf(IN_CHARGE)
  await show('flow?flow=payment')
  await node.getByText(/\d runs?/).waitFor()
  const file = join(root, 'steps/pay/charge.step.tsx')
  await writeFile(file, CARD)
  await node.getByTestId('card').waitFor()
  await node.locator('.flow-strip').getByText(/\d runs?/).waitFor()
  const gap = async (): Promise<number> => {
    const [box, card] = [await node.boundingBox(), await node.getByTestId('card').boundingBox()]
    return Math.abs((box?.height ?? 0) - (card?.height ?? -99))
  }
  await expect.poll(gap).toBeLessThan(2)
  await writeFile(file, `import { EventNode } from 'motia/workbench'\nexport default ({ data }: any) => <EventNode data={data}>Own words</EventNode>\n`)
  await node.getByText('Own words').waitFor()
  await node.locator('[data-numbers]').getByText(/\d runs?/).waitFor()
  expect(await node.locator('.flow-strip').isVisible()).toBe(false)
  expect(await node.locator('abbr[title="Python"]:visible').count()).toBe(1)
  await rm(file)
  await page.getByText('Own words').waitFor({ state: 'detached' })
  await node.getByText('payment.begun').waitFor()
})

test('of the whole graph nothing lies under the tools, and there is a map only of what is not in sight', async () => {
  const { page, show } = workbench
  await show('flow?flow=*')
  await nodeOf(IN_CHARGE).waitFor()
  const files = await page.locator('[data-node]').evaluateAll((all) => all.map((each) => each.getAttribute('data-node') ?? ''))
  expect(files.length).toBeGreaterThan(8)
  for (const file of files) expect([file, await isInSight(file)]).toEqual([file, true])
  const map = page.locator('.react-flow__minimap')
  expect(await map.count()).toBe(0)
  for (let times = 0; times < 4; times += 1) await page.keyboard.press('+')
  await map.waitFor()
})

test('a node that is dragged stays there, until positions are reset', async () => {
  const { page, show, root } = workbench
  await show('flow?flow=payment')
  await nodeOf('steps/pay/settle.step.ts').getByTestId('card').waitFor()
  const box = await nodeOf(IN_CHARGE).boundingBox()
  const automatic = await placeOf(IN_CHARGE)
  if (box === null) throw new Error('the node has no box')
  await page.mouse.move(box.x + 60, box.y + 15)
  await page.mouse.down()
  await page.mouse.move(box.x + 160, box.y + 65, { steps: 6 })
  await page.mouse.up()
  const saved = async (): Promise<unknown> => JSON.parse(await readFile(join(root, 'motia-workbench.json'), 'utf8').catch(() => '[]'))
  await expect.poll(saved).toMatchObject([{ id: 'payment', config: { [IN_CHARGE]: { x: expect.any(Number) } } }])
  expect(Object.keys((await saved() as [{ config: object }])[0].config)).toEqual([IN_CHARGE])
  const dragged = await placeOf(IN_CHARGE)
  expect(dragged).not.toBe(automatic)
  await show('flow?flow=payment')
  await expect.poll(() => placeOf(IN_CHARGE)).toBe(dragged)
  await page.getByRole('button', { name: 'Reset positions' }).click()
  await page.getByRole('button', { name: 'Reset 1 position' }).click()
  await expect.poll(saved).toEqual([{ id: 'payment', config: {} }])
  await expect.poll(() => placeOf(IN_CHARGE)).toBe(automatic)
})

test('custom nodes are drawn with their classes; a broken one says why, and comes when it is mended', async () => {
  const { page, show, root, errors } = workbench
  await show('flow?flow=payment')
  const card = page.getByTestId('card')
  await card.getByText('Drawn for Settlement').waitFor()
  const style = await card.evaluate((element) => {
    const { backgroundColor, minWidth, padding } = getComputedStyle(element)
    return { backgroundColor, minWidth, padding }
  })
  expect(style).toEqual({ backgroundColor: 'rgb(255, 255, 255)', minWidth: '260px', padding: '16px' })
  const note = nodeOf('steps/pay/note.step.ts')
  await note.getByLabel('Its custom node is not shown').waitFor()
  await note.click()
  await page.getByText('no such colour').first().waitFor()
  await writeFile(join(root, 'steps/pay/note.step.tsx'), `export const Node = () => <b>Mended</b>\n`)
  await note.getByText('Mended').waitFor()
  expect(await page.getByText('no such colour').count()).toBe(0)
  await writeFile(join(root, 'steps/pay/note.step.tsx'), 'export const Node = (\n')
  await note.getByLabel('Its custom node is not shown').waitFor()
  await page.getByText(/note\.step\.tsx:\d+:\d+/).first().waitFor()
  expect(errors.filter((error) => !error.includes('no such colour'))).toEqual([])
})

test('a file that exports no node leaves the usual one, and says so; in the project it is the same file', async () => {
  const { page, show, root, api } = workbench
  const file = 'steps/pay/note.step.tsx'
  await writeFile(join(root, file), `export const colour = 'red'\n`)
  await show('flow?flow=payment')
  const note = nodeOf('steps/pay/note.step.ts')
  await note.getByLabel('Its custom node is not shown').waitFor()
  expect(await note.textContent()).toContain('WriteNote')
  await note.click()
  await page.getByRole('region', { name: 'Step WriteNote' }).getByText(/export/).first().waitFor()
  const { steps } = await api<Project>('GET', '/project')
  expect(steps.find(({ name }) => name === 'WriteNote')?.node).toBe(file)
  await writeFile(join(root, file), `export default () => <b>Noted</b>\n`)
  await note.getByText('Noted').waitFor()
})

test('a flow that is not there leads back to those that are', async () => {
  const { page, show } = workbench
  await show('flow?flow=gone')
  await page.getByText('No step is in the flow “gone”').waitFor()
  await page.getByRole('button', { name: 'Show what there is' }).click()
  await page.locator('[data-node]').first().waitFor()
})
