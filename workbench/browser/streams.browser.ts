import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Json } from '../src/api/types.ts'
import { open, type Harness } from './harness.ts'

const SECRETS = `export const config = { name: 'secrets', schema: { type: 'object' }, baseConfig: { storageType: 'default' }, canAccess: () => false }
`

let workbench: Harness

const put = (id: string, value: Json, stream = 'orderBoard'): Promise<unknown> =>
  workbench.api('PUT', '/item', { query: { stream, group: 'today', id }, body: { value } })
const read = async (id: string): Promise<Json> =>
  (await workbench.api<{ item: Json }>('GET', '/item', { query: { stream: 'orderBoard', group: 'today', id } })).item

beforeAll(async () => {
  workbench = await open({ files: { 'steps/tries/secrets.stream.js': SECRETS } })
})

afterAll(() => workbench?.close())

test('a stream without items teaches; its groups and items come by themselves', async () => {
  const { page, show } = workbench
  await show('streams')
  await page.getByRole('option', { name: 'orderBoard' }).click()
  await page.getByText('The stream orderBoard is empty').waitFor()
  await put('7', { status: 'received', items: ['Tea'] })
  await page.getByRole('option', { name: /today/ }).click()
  await page.getByRole('gridcell', { name: '7', exact: true }).click()
  await page.getByRole('group', { name: 'the item' }).getByText('"received"').waitFor()
  await put('7', { status: 'scored', items: ['Tea'] })
  await page.getByRole('group', { name: 'the item' }).getByText('"scored"').waitFor()
})

test('one follows as a client does, and sends events to those who follow', async () => {
  const { page, show } = workbench
  await put('8', { status: 'received', items: [] })
  await show('streams/orderBoard?group=today&id=8&tab=follow')
  const frames = page.getByRole('log', { name: 'Frames' })
  await frames.getByText('sync').waitFor()
  await put('8', { status: 'scored', items: [] })
  await frames.getByText('update').waitFor()
  await page.getByRole('tab', { name: 'Send' }).click()
  const sent = new Promise<string>((resolve) => void page.exposeFunction('heard', resolve))
  await page.evaluate(() => {
    const socket = new WebSocket(`ws://${location.host}/`)
    const room = { streamName: 'orderBoard', groupId: 'today', id: '8', subscriptionId: 'test' }
    socket.onopen = () => socket.send(JSON.stringify({ type: 'join', data: room }))
    socket.onmessage = ({ data }) => {
      if (String(data).includes('cheer')) void (globalThis as unknown as { heard: (text: string) => void }).heard(String(data))
      else document.title = 'joined'
    }
  })
  await page.waitForFunction(() => document.title === 'joined')
  await page.getByLabel('Type').fill('cheer')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  expect(JSON.parse(await sent)).toMatchObject({ id: '8', event: { type: 'event', event: { type: 'cheer', data: {} } } })
})

test('an item is edited, made and deleted', async () => {
  const { page, show } = workbench
  await put('9', { status: 'received', items: [] })
  await show('streams/orderBoard?group=today&id=9&tab=edit')
  await page.getByRole('textbox', { name: 'The item as JSON' }).fill('{"status": "confirmed", "items": []}')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('gridcell', { name: /confirmed/ }).waitFor()
  expect(await read('9')).toMatchObject({ status: 'confirmed', id: '9' })

  await page.getByRole('button', { name: 'New item' }).click()
  await page.getByLabel('Id', { exact: true }).fill('10')
  await page.getByRole('button', { name: 'Set it' }).click()
  await page.getByRole('heading', { name: '10' }).waitFor()
  expect(await read('10')).toMatchObject({ status: 'received', items: ['text'] })

  await page.getByRole('button', { name: 'Delete the item' }).click()
  await page.getByRole('button', { name: 'Delete it' }).click()
  await page.getByText('There is no such item').waitFor()
  await expect(read('10')).rejects.toThrow('404')
})

test('where the project lets nobody in, it says so, and the items are shown all the same', async () => {
  const { page, show, errors } = workbench
  await put('1', { word: 'hush' }, 'secrets')
  await show('streams/secrets?group=today&tab=follow')
  await page.getByText('The project does not let the Workbench in').waitFor()
  await page.getByRole('gridcell', { name: '{word: "hush"}' }).waitFor()
  expect(errors).toEqual([])
})
