import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Json } from '../src/api/types.ts'
import { open, type Harness } from './harness.ts'

let workbench: Harness

interface Entry {
  value: Json
  version: number
}

const set = (group: string, key: string, value: Json): Promise<unknown> =>
  workbench.api('POST', '/state/set', { query: { group, key }, body: { value } })
const read = (group: string, key: string): Promise<Entry> => workbench.api('GET', '/state/value', { query: { group, key } })

beforeAll(async () => {
  workbench = await open()
})

afterAll(() => workbench?.close())

test('an empty state teaches how to fill it, and fills by itself', async () => {
  const { page, show } = workbench
  await show('state')
  await page.getByText("runtime state set visits home").waitFor()
  await set('visits', 'home', { count: 1 })
  await page.getByRole('option', { name: /visits/ }).waitFor()
})

test('what others change shows at once, in the list and in the value', async () => {
  const { page, show, api } = workbench
  await set('shop', 'a/b', { n: 1 })
  await show('state/shop?key=a%2Fb')
  await page.getByRole('group', { name: 'the value' }).getByText('1', { exact: true }).waitFor()
  await set('shop', 'a/b', { n: 2 })
  await page.getByRole('group', { name: 'the value' }).getByText('2', { exact: true }).waitFor()
  await page.getByRole('gridcell', { name: '{n: 2}' }).waitFor()
  await set('shop', 'c', 'new')
  await page.getByRole('gridcell', { name: '"new"' }).waitFor()
  await api('POST', '/state/delete', { query: { group: 'shop', key: 'c' } })
  await page.getByRole('gridcell', { name: '"new"' }).waitFor({ state: 'detached' })
})

test('an edit is saved; one of an older version shows the newer and asks', async () => {
  const { page, show } = workbench
  await set('edit', 'k', { n: 1 })
  await show('state/edit?key=k&tab=edit')
  const editor = page.getByRole('textbox', { name: 'The value as JSON' })
  await editor.fill('{"n": 2}')
  await page.keyboard.press('Control+Enter')
  await page.getByRole('gridcell', { name: '{n: 2}' }).waitFor()
  expect((await read('edit', 'k')).value).toEqual({ n: 2 })

  await editor.fill('{"n": 3}')
  await set('edit', 'k', { n: 'theirs' })
  await page.getByText('It has been changed since you began').waitFor()
  await page.getByRole('group', { name: 'the newer value' }).getByText('"theirs"').waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(/^Not saved/).waitFor()
  expect((await read('edit', 'k')).value).toEqual({ n: 'theirs' })
  await page.getByRole('button', { name: 'Save mine over it' }).click()
  await page.getByText('It has been changed since you began').waitFor({ state: 'detached' })
  expect((await read('edit', 'k')).value).toEqual({ n: 3 })
})

test('an edit that is left stays until it is saved or discarded', async () => {
  const { page, show } = workbench
  await set('left', 'k', { n: 1 })
  await show('state/left?key=k&tab=edit')
  const editor = page.getByRole('textbox', { name: 'The value as JSON' })
  await editor.click()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await page.keyboard.insertText('{"n": "mine"}')
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('l')
  await page.getByRole('heading', { name: 'Logs' }).waitFor()
  await page.goBack()
  await page.getByRole('tab', { name: 'Edit (not saved)' }).click()
  expect(await editor.textContent()).toContain('"mine"')
  await page.getByRole('button', { name: 'Discard' }).click()
  await page.getByRole('tab', { name: 'Edit', exact: true }).waitFor()
  expect((await read('left', 'k')).value).toEqual({ n: 1 })
})

test('a key is found among thousands, of which only a few are in the page', async () => {
  const { page, show } = workbench
  for (let at = 0; at < 450; at += 1) await set('many', `key ${String(at).padStart(4, '0')}`, at)
  await show('state/many')
  await page.getByText('200 of 450').waitFor({ state: 'attached' })
  expect(await page.getByRole('row').count()).toBeLessThan(80)
  await page.keyboard.press('/')
  await page.keyboard.type('0449')
  await page.getByRole('gridcell', { name: 'key 0449' }).waitFor()
  await page.getByText('1 found among 450 of 450').waitFor()
})

test('a value is made, deleted, and a group cleared after a question', async () => {
  const { page, show, api } = workbench
  await show('state/visits')
  await page.getByRole('grid').waitFor()
  await page.keyboard.press('n')
  await page.getByLabel('Key', { exact: true }).fill('about')
  await page.getByRole('textbox', { name: 'The value as JSON' }).fill('7')
  await page.getByRole('button', { name: 'Set it' }).click()
  await page.getByRole('heading', { name: 'about' }).waitFor()
  expect((await read('visits', 'about')).value).toBe(7)

  await page.getByRole('button', { name: 'Delete the value' }).click()
  await page.getByRole('button', { name: 'Delete it' }).click()
  await page.getByText('There is no such value').waitFor()
  await expect(read('visits', 'about')).rejects.toThrow('404')

  await page.getByRole('button', { name: 'Clear the group' }).click()
  await page.getByRole('button', { name: 'Delete all values' }).click()
  await page.getByText('The group is empty').waitFor()
  const { total } = await api<{ total: number }>('GET', '/state/keys', { query: { group: 'visits' } })
  expect(total).toBe(0)
  expect(workbench.errors).toEqual([])
})
