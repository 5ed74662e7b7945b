import { useSyncExternalStore } from 'react'

const SECOND = 1000

let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

function tick(): void {
  now = Date.now()
  for (const listener of listeners) listener()
}

/** One timer for the whole page, and none while nobody looks at it or nothing on it counts. */
function run(): void {
  clearInterval(timer)
  timer = undefined
  if (document.hidden || listeners.size === 0) return
  timer = setInterval(tick, SECOND)
}

function watch(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now()
    document.addEventListener('visibilitychange', turned)
  }
  listeners.add(listener)
  if (timer === undefined) run()
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    document.removeEventListener('visibilitychange', turned)
    run()
  }
}

function turned(): void {
  run()
  if (!document.hidden) tick()
}

/** The time in milliseconds, anew each second while the page is seen. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => now)
}
