import type { Tone } from './Badge.tsx'

export interface Toast {
  id: number
  tone: Tone
  text: string
  /** Where more is to be seen. */
  href?: string | undefined
}

const SHOWN = 6000
const MOST = 4

let toasts: readonly Toast[] = []
let last = 0
const listeners = new Set<() => void>()

function use(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

/** Tells a person what came of what they did. Failures stay until they are closed. */
export function toast(tone: Tone, text: string, href?: string): void {
  last += 1
  const id = last
  use([...toasts, { id, tone, text, href }].slice(-MOST))
  if (tone !== 'bad') setTimeout(() => closeToast(id), SHOWN)
}

export function closeToast(id: number): void {
  use(toasts.filter((each) => each.id !== id))
}

export const toastStore = {
  watch: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  snapshot: (): readonly Toast[] => toasts,
}
