/** What is measured inside the page, where a click and the frame that answers it have one clock. */

export interface Frames {
  /** Milliseconds from one frame to the next. */
  took: number[]
  /** How often the page was busy for more than 50 ms. */
  longTasks: number
}

interface Probe {
  whenShown: (content: string) => Promise<number>
  /** What `awaitKey` and `awaitAnswer` have begun to wait for. */
  answered: Promise<number>
  awaitKey: (answer: string) => void
  switchTo: (link: string, content: string) => Promise<number>
  awaitAnswer: (path: string, text: string) => void
  startFrames: () => void
  endFrames: () => Frames
}

declare global {
  interface Window {
    probe: Probe
  }
}

/** Puts `window.probe` into a page; it is handed over as text, so that nothing from around it is known in it. */
export function install(): void {
  const painted = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
  const isShown = (selector: string): boolean => (document.querySelector(selector)?.getClientRects().length ?? 0) > 0
  const until = async (is: () => boolean): Promise<void> => {
    const end = performance.now() + 15_000
    while (!is()) {
      if (performance.now() > end) throw new Error(`nothing came of: ${is}`)
      await new Promise(requestAnimationFrame)
    }
    await painted()
  }
  let [took, longTasks, last, frame]: [number[], number, number, number] = [[], 0, 0, 0]
  const tick = (now: number): void => {
    if (last > 0) took.push(now - last)
    last = now
    frame = requestAnimationFrame(tick)
  }
  const observer = new PerformanceObserver((list) => void (longTasks += list.getEntries().length))
  const next = async (event: string, is: () => boolean): Promise<number> => {
    const began = await new Promise<number>((resolve) =>
      addEventListener(event, ({ timeStamp }) => resolve(timeStamp), { once: true, capture: true }),
    )
    await until(is)
    return performance.now() - began
  }
  window.probe = {
    whenShown: async (content) => {
      await until(() => isShown(content))
      return performance.now()
    },
    answered: Promise.resolve(0),
    awaitKey: (answer) => {
      window.probe.answered = next('keydown', () => isShown(answer))
    },
    switchTo: async (link, content) => {
      const began = performance.now()
      document.querySelector<HTMLElement>(link)?.click()
      await until(() => isShown(content))
      return performance.now() - began
    },
    awaitAnswer: (path, text) => {
      performance.clearResourceTimings()
      const asked = new URLSearchParams({ text }).toString()
      const isOf = ({ name }: PerformanceEntry): boolean => name.includes(`${path}?`) && `${name}&`.includes(`${asked}&`)
      const isAnswered = (): boolean => performance.getEntriesByType('resource').some(isOf) && !isShown('[aria-busy=true]')
      window.probe.answered = next('input', isAnswered)
    },
    startFrames: () => {
      ;[took, longTasks, last] = [[], 0, 0]
      observer.observe({ type: 'longtask' })
      frame = requestAnimationFrame(tick)
    },
    endFrames: () => {
      cancelAnimationFrame(frame)
      observer.disconnect()
      return { took, longTasks }
    },
  }
}
