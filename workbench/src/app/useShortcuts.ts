import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'

import { nameOf, Sequence, type Shortcut } from './shortcuts.ts'

const sets = new Map<symbol, readonly Shortcut[]>()
const listeners = new Set<() => void>()
const sequence = new Sequence()
let all: readonly Shortcut[] = []

function changed(): void {
  all = [...sets.values()].flat()
  for (const listener of listeners) listener()
}

/** Keys that also count while a person writes. */
const ALWAYS = new Set(['mod+k', 'esc'])

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

/** Keys that press what has the focus. */
const PRESSING = new Set(['enter', 'space'])

function isPressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a[href], button, summary, [role="button"], [role="tab"]') !== null
}

/** Hears of all keys; to be called once. */
export function startShortcuts(): void {
  addEventListener('keydown', (event) => {
    const name = nameOf(event)
    if (event.defaultPrevented || (isWriting(event.target) && !ALWAYS.has(name))) return
    if (PRESSING.has(name) && isPressable(event.target)) return
    // A dialog keeps the keys to itself, but for those that open others over it.
    if (document.querySelector('dialog[open]') !== null && name !== 'mod+k') return
    const shortcut = sequence.press(name, event.timeStamp, all)
    if (shortcut === undefined) return
    event.preventDefault()
    shortcut.run()
  })
}

/** Adds shortcuts for as long as the component is there; what they do may change, their keys may not. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const run = useEffectEvent((keys: string) => shortcuts.find((each) => each.keys === keys)?.run())
  const names = shortcuts.map(({ keys, title, group }) => [keys, title, group].join('\0')).join('\n')
  useEffect(() => {
    const own = Symbol('shortcuts')
    const stable = names.split('\n').filter(Boolean).map((each) => {
      const [keys = '', title = '', group = ''] = each.split('\0')
      return { keys, title, group, run: () => run(keys) }
    })
    sets.set(own, stable)
    changed()
    return () => {
      sets.delete(own)
      changed()
    }
  }, [names])
}

/** All shortcuts that count now. */
export function useAllShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => all,
  )
}
