import { useCallback, useSyncExternalStore } from 'react'

import { formatRoute, parseRoute, type Route } from './route.ts'

let hash = ''
let route = parseRoute('')

function current(): Route {
  if (location.hash !== hash) {
    hash = location.hash
    route = parseRoute(hash)
  }
  return route
}

const listeners = new Set<() => void>()

function tell(): void {
  for (const listener of listeners) listener()
}


/** Hears of Back, and of addresses that a person has typed; to be called once. */
export function startRoutes(): void {
  addEventListener('hashchange', tell)
  addEventListener('popstate', tell)
}

function watch(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useRoute(): Route {
  return useSyncExternalStore(watch, current)
}

/** Goes to a route; with `replace` Back does not come back to where we are. */
export function navigate(to: Partial<Route>, replace = false): void {
  const next = formatRoute(to)
  if (next === location.hash) return
  if (replace) history.replaceState(null, '', next)
  else history.pushState(null, '', next)
  // The browser says nothing of either; and of a changed hash only later, when the next key may have been pressed.
  tell()
}

/**
 * One member of the query and how it is set; the empty text is its absence.
 *
 * Typing replaces, so that Back leaves; where each value is a place of its own, Back goes to the one before.
 */
export function useQueryState(name: string, isPlace = false): [string, (value: string) => void] {
  const { query } = useRoute()
  const set = useCallback(
    (value: string) => {
      const { screen, path, query: before } = current()
      navigate({ screen, path, query: { ...before, [name]: value } }, !isPlace)
    },
    [name, isPlace],
  )
  return [query[name] ?? '', set]
}

/**
 * The first part behind the screen's name, such as the id of the trace that is open; null without one.
 *
 * Going from one to the next replaces, so that Back closes what was opened.
 */
export function useSelection(): [string | null, (selection: string | null) => void] {
  const { path } = useRoute()
  const set = useCallback((selection: string | null) => {
    const { screen, path, query } = current()
    const isNext = path.length > 0 && selection !== null
    navigate({ screen, path: selection === null ? [] : [selection], query }, isNext)
  }, [])
  return [path[0] ?? null, set]
}
