import { useSyncExternalStore } from 'react'

export type Choice = 'system' | 'light' | 'dark'
export type Theme = 'light' | 'dark'

const KEPT_AS = 'workbench-theme'
const NEXT: Record<Choice, Choice> = { system: 'light', light: 'dark', dark: 'system' }
const listeners = new Set<() => void>()
let choice: Choice = 'system'

/** Takes up what was chosen before; to be called before anything is drawn. */
export function startTheme(): void {
  const kept = localStorage.getItem(KEPT_AS)
  use(kept === 'light' || kept === 'dark' ? kept : 'system')
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tell)
}

/** From the system's theme to light to dark. */
export function nextTheme(): void {
  use(NEXT[choice])
  localStorage.setItem(KEPT_AS, choice)
}

function use(next: Choice): void {
  choice = next
  if (next === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = next
  tell()
}

function tell(): void {
  for (const listener of listeners) listener()
}

function watch(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useThemeChoice(): Choice {
  return useSyncExternalStore(watch, () => choice)
}

/** The theme that is shown. */
export function useTheme(): Theme {
  return useSyncExternalStore(watch, () => {
    if (choice !== 'system') return choice
    return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  })
}
