import type { Page } from 'playwright-core'

import type { Log } from '../../src/api/types.ts'
import type { Harness } from '../harness.ts'
import { FILES } from './project.ts'

interface Shot {
  /** Of the file. */
  name: string
  /** Brings the screen to where it is taken. */
  arrange: (workbench: Harness, failed: string) => Promise<void>
}

const FAILING = 'steps/deliveries/book_delivery_step.py'
/** The line of it that throws. */
const THROWING = FILES[FAILING].split('\n').findIndex((line) => line.includes('raise ')) + 1

/** Each picture, in the order in which they are taken. */
export const shots: readonly Shot[] = [
  { name: 'flow', arrange: (workbench) => flow(workbench, 'flow?flow=orders') },
  {
    name: 'flow-step',
    arrange: async (workbench) => {
      await flow(workbench, `flow?flow=orders&step=BookDelivery&source=${encodeURIComponent(`${FAILING}:${THROWING}`)}`)
      await workbench.page.locator('.cm-line[aria-current="true"]').waitFor()
    },
  },
  {
    name: 'endpoints',
    arrange: async ({ page, show }) => {
      await show('endpoints/POST%20%2Forders')
      await page.getByRole('textbox', { name: 'Body of the request' }).fill('{\n  "items": [\n    { "name": "tea", "price": 4.5 },\n    { "name": "cup", "price": 12 }\n  ]\n}')
      await page.getByRole('button', { name: 'Send' }).click()
      await page.getByText('201 Created').waitFor()
      await page.getByText(/[3-9] runs/).waitFor()
    },
  },
  {
    name: 'emit',
    arrange: async ({ page, show }) => {
      await show('endpoints?emit=order.scored')
      await page.getByText('Taken by').waitFor()
      await page.getByRole('textbox', { name: 'Data of the event' }).waitFor()
    },
  },
  {
    name: 'traces',
    arrange: async ({ page, show }) => {
      await show('traces')
      await rows(page, 'Traces')
    },
  },
  {
    name: 'trace',
    arrange: async ({ page, show }, failed) => {
      await show(`traces/${failed}`)
      const tree = page.getByRole('tree', { name: 'Spans of the trace' })
      await tree.locator('[data-row=span]').filter({ hasText: 'dead' }).click()
      await page.locator('.cm-marked').first().waitFor()
    },
  },
  {
    name: 'logs',
    arrange: async ({ page, show, api }) => {
      const { logs } = await api<{ logs: Log[] }>('GET', '/logs', { query: { text: 'insurance', limit: '1' } })
      await show(`logs?line=${logs[0]?.id}`)
      await page.getByRole('group', { name: 'the data of the line' }).first().waitFor()
    },
  },
  {
    name: 'state',
    arrange: async ({ page, show, api }) => {
      await show(`state/orders?key=${await newest(api, '/state/keys', { group: 'orders' })}`)
      await page.getByRole('group', { name: 'the value' }).waitFor()
    },
  },
  {
    name: 'streams',
    arrange: async ({ page, show, api }) => {
      await show(`streams/orderBoard?group=today&id=${await newest(api, '/state/keys', { group: 'orders' })}`)
      await page.getByRole('group', { name: 'the item' }).waitFor()
    },
  },
  {
    name: 'queues',
    arrange: async ({ page, show }) => {
      await show('queues/BookDelivery?topic=order.scored&kind=event')
      await page.locator('[role=row][aria-level="2"]').first().waitFor()
    },
  },
  {
    name: 'cron',
    arrange: async ({ page, show }) => {
      await show('cron/CountOrders')
      await rows(page, 'Last runs')
    },
  },
  {
    name: 'runners',
    arrange: async ({ page, show }) => {
      await show('runners')
      await rows(page, 'Runner processes')
    },
  },
  {
    name: 'palette',
    arrange: async (workbench) => {
      await flow(workbench, 'flow?flow=orders')
      await workbench.page.keyboard.press('Control+k')
      await workbench.page.keyboard.type('order')
      await workbench.page.getByRole('listbox', { name: 'Results' }).getByRole('option').first().waitFor()
    },
  },
]

async function flow({ page, show }: Harness, place: string): Promise<void> {
  await show(place)
  await page.locator(`[data-node="${FAILING}"]`).getByText(/failed/).waitFor()
}

async function rows(page: Page, grid: string): Promise<void> {
  await page.getByRole('grid', { name: grid }).getByRole('row').nth(1).waitFor()
}

async function newest(api: Harness['api'], path: string, query: Record<string, string>): Promise<string> {
  const { keys } = await api<{ keys: { key: string }[] }>('GET', path, { query })
  return keys.at(-1)?.key ?? ''
}
