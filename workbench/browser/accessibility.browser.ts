import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { faintTexts } from './contrast.ts'
import { open, type Harness } from './harness.ts'
import { FILES, makeHistory } from './pictures/project.ts'
import { shots } from './pictures/shots.ts'

const CONTROLS = new Set([
  ...['button', 'link', 'textbox', 'searchbox', 'combobox', 'listbox', 'checkbox', 'radio', 'switch', 'slider', 'spinbutton'],
  ...['tab', 'option', 'menuitem', 'treeitem', 'grid', 'treegrid', 'tree', 'dialog', 'navigation'],
])

let workbench: Harness
let failed = ''

beforeAll(async () => {
  workbench = await open({ files: FILES })
  failed = await makeHistory(workbench)
})

afterAll(() => workbench?.close())

interface Heard {
  ignored: boolean
  role?: { value: string }
  name?: { value: string }
  backendDOMNodeId?: number
}

/** Controls that have no name for those who do not see them, as the browser tells it to screen readers. */
async function nameless(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as unknown as { nodes: Heard[] }
  const without = nodes.filter(({ ignored, role, name }) => !ignored && CONTROLS.has(role?.value ?? '') && (name?.value ?? '').trim() === '')
  const described = without.map(async ({ role, backendDOMNodeId }) => {
    const { outerHTML } = await session.send('DOM.getOuterHTML', { backendNodeId: backendDOMNodeId ?? 0 })
    return `${role?.value} ${outerHTML.slice(0, 200)}`
  })
  const all = await Promise.all(described)
  await session.detach()
  return all
}

test.each(shots)('$name: in both themes all text can be read, and every control has a name', async ({ arrange }) => {
  const { page } = workbench
  await arrange(workbench, failed)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    expect(await page.evaluate(faintTexts), colorScheme).toEqual([])
  }
  expect(await nameless(page)).toEqual([])
})

test('what is too faint is found', async () => {
  const { page } = workbench
  await page.goto('about:blank')
  await page.setContent('<body style="background:#fff"><p style="color:#777">no</p><p style="color:#767676">yes</p><p style="opacity:.5">no</p>')
  expect(await page.evaluate(faintTexts)).toEqual([expect.stringMatching(/^4\.4\d "no"/), expect.stringMatching(/^3\.\d+ "no"/)])
})
