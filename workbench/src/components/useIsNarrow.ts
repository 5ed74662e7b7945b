import { useSyncExternalStore } from 'react'

/** Below it two panes beside each other are of no use; a page at 200 % counts half its pixels. */
const narrow = matchMedia('(max-width: 860px)')

function watch(listener: () => void): () => void {
  narrow.addEventListener('change', listener)
  return () => narrow.removeEventListener('change', listener)
}

/** Whether there is room for one pane alone. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(watch, () => narrow.matches)
}
