import type { Page } from 'playwright-core'

import type { Frames } from './inPage.ts'

/** Pixels of one turn of the wheel, as of somebody in a hurry. */
const TURN = 700

/** Frames while somebody turns the wheel over a list, for so long. */
export async function scrollFrames(page: Page, list: string, direction: 1 | -1, milliseconds: number): Promise<Frames> {
  await page.locator(list).hover({ position: { x: 200, y: 200 } })
  await page.evaluate(() => window.probe.startFrames())
  const end = performance.now() + milliseconds
  while (performance.now() < end) await page.mouse.wheel(0, direction * TURN)
  return page.evaluate(() => window.probe.endFrames())
}

/** Frames while somebody drags the scroll bar from one end to the other and back. */
export async function dragFrames(page: Page, list: string, milliseconds: number): Promise<Frames> {
  await page.evaluate(() => window.probe.startFrames())
  await page.locator(list).evaluate(async (box, long) => {
    const began = performance.now()
    for (let now = began; now < began + long; now = performance.now()) {
      const share = ((now - began) / long) * 2
      box.scrollTop = (box.scrollHeight - box.clientHeight) * (share < 1 ? share : 2 - share)
      await new Promise(requestAnimationFrame)
    }
  }, milliseconds)
  return page.evaluate(() => window.probe.endFrames())
}

/** Frames of a page that is left alone, for so long. */
export async function restFrames(page: Page, milliseconds: number): Promise<Frames> {
  await page.evaluate(() => window.probe.startFrames())
  await page.waitForTimeout(milliseconds)
  return page.evaluate(() => window.probe.endFrames())
}
