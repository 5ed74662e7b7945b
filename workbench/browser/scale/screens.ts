import type { Page } from 'playwright-core'

import type { Harness } from '../harness.ts'
import { install } from './inPage.ts'

/** A screen, and what must be in sight before one can use it. */
export interface Screen {
  name: string
  content: string
}

const rowOf = (label: string): string => `[role=grid][aria-label="${label}"] [role=row][aria-rowindex="2"]`
const choiceOf = (label: string): string => `[aria-label="${label}"] [role=option]`

export const SCREENS: readonly Screen[] = [
  { name: 'flow', content: '.react-flow__node' },
  { name: 'endpoints', content: choiceOf('Endpoints') },
  { name: 'traces', content: rowOf('Traces') },
  { name: 'logs', content: '[role=log] button[aria-expanded]' },
  { name: 'state', content: choiceOf('Groups') },
  { name: 'streams', content: choiceOf('Streams and their groups') },
  { name: 'queues', content: rowOf('Queues') },
  { name: 'cron', content: rowOf('Schedules') },
  { name: 'runners', content: rowOf('Runner processes') },
]

/** Milliseconds from opening the link of a screen until its content is painted, and those of its answer to a key. */
export async function timeOpening({ fresh }: Harness, { name, content }: Screen): Promise<number> {
  const { page, open, close } = await fresh()
  try {
    await page.addInitScript(install)
    await open(name)
    const shown = await page.evaluate((selector) => window.probe.whenShown(selector), content)
    await page.evaluate(() => window.probe.awaitKey('dialog[open]'))
    await page.keyboard.press('Control+k')
    return shown + (await page.evaluate(() => window.probe.answered))
  } finally {
    await close()
  }
}

/** Milliseconds from a click in the navigation until the content of a screen is painted. */
export function timeSwitching(page: Page, { name, content }: Screen): Promise<number> {
  return page.evaluate(([link, shown]) => window.probe.switchTo(link, shown), [`nav a[href="#/${name}"]`, content] as const)
}
