import { useSyncExternalStore } from 'react'

/** An edit that is not saved yet. */
export interface Edited {
  text: string
  /** The text and version that the edit began with. */
  before: string
  version: number | string
}

/** So many are kept; of more the oldest goes. */
const MOST = 50

const kept = new Map<string, Edited>()
const listeners = new Set<() => void>()

/** Edits by the names of what they are of, for as long as the page is open: who looks elsewhere finds them again. */
export const unsaved = {
  of: (name: string): Edited | undefined => kept.get(name),
  /** Keeps an edit; null once it is saved or discarded. */
  keep: (name: string, edited: Edited | null): void => {
    kept.delete(name)
    if (edited !== null) kept.set(name, edited)
    const [oldest] = kept.keys()
    if (kept.size > MOST && oldest !== undefined) kept.delete(oldest)
    for (const listener of listeners) listener()
  },
}

/** Whether there is an edit under this name. */
export function useIsUnsaved(name: string): boolean {
  return useSyncExternalStore(watch, () => kept.has(name))
}

function watch(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
