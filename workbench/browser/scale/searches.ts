import type { Page } from 'playwright-core'

/** A search as somebody types it, with filters that are set before. */
export interface Search {
  name: string
  place: string
  label: string
  text: string
}

const traces = (name: string, text: string, query = ''): Search => ({ name: `traces: ${name}`, place: `traces${query}`, label: 'Search traces', text })
const logs = (name: string, text: string, query = ''): Search => ({ name: `logs: ${name}`, place: `logs${query}`, label: 'Search logs', text })

export const SEARCHES: readonly Search[] = [
  traces('frequent text', 'post /orders'),
  traces('rare text', 'no stock for a-1000'),
  traces('absent text', 'elsewhere'),
  traces('text among failed', 'stock', '?status=failed'),
  traces('text in a step', 'step-7', '?step=step-3'),
  traces('absent in a kind', 'nowhere', '?kind=api'),
  logs('frequent text', 'invoice'),
  logs('rare text', 'a-12345'),
  logs('absent text', 'elsewhere'),
  logs('absent, of common letters', 'eateneteate'),
  logs('text among errors', 'shipping', '?level=error'),
  logs('text in a step', 'payment', '?step=step-3'),
  logs('text in a trace', 'order', `?trace=${'f'.repeat(32)}`),
]

/** Between two keys of somebody who types quickly. */
const KEY = 70

/** Milliseconds from the last letter until what it finds is painted. */
export async function timeSearch(page: Page, { place, label, text }: Search): Promise<number> {
  const field = page.getByRole('searchbox', { name: label })
  await field.click()
  await page.keyboard.type(text.slice(0, -1), { delay: KEY })
  const path = place.startsWith('logs') ? '/logs' : '/traces'
  await page.evaluate(([asked, whole]) => window.probe.awaitAnswer(asked, whole), [path, text] as const)
  await page.waitForTimeout(KEY)
  await page.keyboard.type(text.slice(-1))
  return page.evaluate(() => window.probe.answered)
}

/** Milliseconds from the choice of a filter until what fits is painted. */
export async function timeChoice(page: Page, label: string, value: string): Promise<number> {
  const began = performance.now()
  await page.getByLabel(label, { exact: true }).selectOption(value)
  await page.waitForFunction((asked) => {
    const isOf = ({ name }: PerformanceEntry): boolean => name.includes(`=${asked}`)
    return performance.getEntriesByType('resource').some(isOf) && document.querySelector('[aria-busy=true]') === null
  }, value)
  return performance.now() - began
}
