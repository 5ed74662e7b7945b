/** Measures the Workbench over a full store, and prints each figure as a line of JSON; `bench/workbench.py` says what of it is good. */

import { open, type Harness } from '../harness.ts'
import { install, type Frames } from './inPage.ts'
import { PROJECT } from './project.ts'
import { SCREENS, timeOpening, timeSwitching, type Screen } from './screens.ts'
import { dragFrames, restFrames, scrollFrames } from './scrolls.ts'
import { SEARCHES, timeChoice, timeSearch } from './searches.ts'
import { during } from './traffic.ts'

interface Asked {
  store: string
  repeats: number
  only: string
  wideTrace: string
}

const asked = JSON.parse(process.argv[2] ?? '') as Asked
const SCROLL = 3000
const LIVE_SCROLL = 2500
const GRID = '[role=grid][aria-label="Traces"]'
const LOG = '[role=log]'

function tell(figure: object): void {
  console.log(JSON.stringify(figure))
}

async function repeated(measure: () => Promise<number>): Promise<number[]> {
  const took: number[] = []
  for (let at = 0; at < asked.repeats; at++) took.push(await measure())
  return took
}

async function times(kind: 'usable' | 'search', name: string, measure: () => Promise<number>): Promise<void> {
  tell({ kind, name, took: await repeated(measure) })
}

/** Frames of all repeats together; those of a comparison are not judged. */
async function frames(name: string, measure: () => Promise<Frames>, kind: 'frames' | 'comparison' = 'frames'): Promise<void> {
  const all: Frames = { took: [], longTasks: 0 }
  await repeated(async () => {
    const { took, longTasks } = await measure()
    all.took.push(...took)
    return (all.longTasks += longTasks)
  })
  tell({ kind, name, ...all })
}

/** Each screen in its turn, again and again: what the machine does meanwhile meets all of them. */
async function inTurns(measure: (screen: Screen) => Promise<number>): Promise<void> {
  const took = new Map(SCREENS.map(({ name }) => [name, [] as number[]]))
  for (let at = 0; at < asked.repeats; at++) {
    for (const screen of SCREENS) took.get(screen.name)?.push(await measure(screen))
  }
  for (const [name, all] of took) tell({ kind: 'usable', name, took: all })
}

async function opening(workbench: Harness): Promise<void> {
  await inTurns((screen) => timeOpening(workbench, screen))
}

async function switching({ page, show }: Harness): Promise<void> {
  await show('runners')
  await inTurns((screen) => timeSwitching(page, screen))
}

async function searching({ page, show }: Harness): Promise<void> {
  for (const search of SEARCHES) {
    await times('search', search.name, async () => {
      await show(search.place)
      return timeSearch(page, search)
    })
  }
  for (const [place, label, value] of [
    ['traces', 'Status', 'failed'],
    ['traces', 'Kind', 'cron'],
    ['traces', 'Step', 'CreateOrder'],
    ['logs', 'Level', 'error'],
    ['logs', 'Step', 'CreateOrder'],
  ] as const) {
    await times('search', `${place}: ${label.toLowerCase()} ${value}`, async () => {
      await show(place)
      await page.locator(place === 'logs' ? LOG : GRID).waitFor()
      return timeChoice(page, label, value)
    })
  }
}

async function scrolling({ page, show }: Harness): Promise<void> {
  const begin = async (place: string, list: string): Promise<void> => {
    await show(place)
    await page.locator(list).waitFor()
  }
  const rest = async (): Promise<Frames> => {
    await begin('traces', GRID)
    return restFrames(page, 1000)
  }
  await frames('nothing, for comparison', rest, 'comparison')
  await frames('traces, wheel', async () => {
    await begin('traces', GRID)
    return scrollFrames(page, GRID, 1, SCROLL)
  })
  await frames('traces, scroll bar', async () => {
    await begin('traces', GRID)
    await scrollFrames(page, GRID, 1, SCROLL)
    return dragFrames(page, GRID, SCROLL)
  })
  await frames('logs, wheel', async () => {
    await begin('logs', LOG)
    return scrollFrames(page, LOG, -1, SCROLL)
  })
  await frames('logs, scroll bar', () => dragFrames(page, LOG, SCROLL))
  const tree = '[role=tree][aria-label="Spans of the trace"]'
  await frames('2,000 spans, wheel', async () => {
    await begin(`traces/${asked.wideTrace}`, tree)
    return scrollFrames(page, tree, 1, SCROLL)
  })
  await frames('2,000 spans, scroll bar', () => dragFrames(page, tree, SCROLL))
}

async function living(workbench: Harness): Promise<void> {
  const { page, show, url } = workbench
  const live = <T>(measure: () => Promise<T>): Promise<T> => during(url, measure)
  for (const [name, list, way] of [['traces', GRID, 1], ['logs', LOG, -1]] as const) {
    await show(name)
    await page.locator(list).waitFor()
    await frames(`${name}, followed`, () => live(() => restFrames(page, LIVE_SCROLL)))
    await frames(`${name}, wheel`, () => live(() => scrollFrames(page, list, way, LIVE_SCROLL)))
  }
  for (const screen of SCREENS.filter(({ name }) => name === 'traces' || name === 'logs')) {
    await times('usable', `${screen.name}, opened`, () => live(() => timeOpening(workbench, screen)))
  }
  for (const search of SEARCHES.filter(({ name }) => name.endsWith('rare text'))) {
    await times('search', search.name, async () => {
      await show(search.place)
      return live(() => timeSearch(page, search))
    })
  }
}

const PARTS = { open: opening, switch: switching, search: searching, scroll: scrolling, live: living }
const TITLES: Record<keyof typeof PARTS, string> = {
  open: 'opening a link, to an answered key',
  switch: 'from another screen, to its content',
  search: 'from the last letter, to what it finds',
  scroll: 'scrolling',
  live: 'with 100 requests a second',
}

const workbench = await open({ files: PROJECT, traces: asked.store })
process.once('SIGTERM', () => void workbench.close().then(() => process.exit(1)))
try {
  await workbench.page.addInitScript(install)
  for (const count of [1, 2, 3]) await workbench.request('POST', '/orders', { items: [{ name: 'book', price: count }] })
  for (const [part, measure] of Object.entries(PARTS)) {
    if (asked.only !== '' && asked.only !== part) continue
    tell({ kind: 'title', name: TITLES[part as keyof typeof PARTS] })
    await measure(workbench)
  }
} finally {
  await workbench.close()
}
