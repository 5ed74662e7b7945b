import { useEffect, useEffectEvent, useRef, useState } from 'react'

import { api } from '../../api/client.ts'
import type { LogFilter } from '../../api/queries.ts'
import type { Log } from '../../api/types.ts'
import { live, useLive } from '../../api/useLive.ts'
import { fits } from './filter.ts'
import { windowOf, withNewer, withOlder, type LogWindow } from './window.ts'

interface LogPage {
  logs: Log[]
  next: number | null
}

const PAGE = 500

/** The lines that a filter finds: their end as it grows, and what is before it as it is asked for. */
export function useLogWindow(filter: LogFilter) {
  const [held, setHeld] = useState<LogWindow>()
  const [error, setError] = useState<unknown>(null)
  const follows = useRef(true)
  const reading = useRef<AbortController>(undefined)
  const isCaughtUp = useRef(false)

  const toEnd = async (): Promise<void> => {
    reading.current?.abort()
    const own = (reading.current = new AbortController())
    try {
      const { logs, next } = await api.get<LogPage>('/logs', { limit: PAGE, ...filter }, own.signal)
      if (own.signal.aborted) return
      follows.current = true
      isCaughtUp.current = false
      setHeld(windowOf(logs, next !== null))
      setError(null)
    } catch (failure) {
      if (!own.signal.aborted) setError(failure)
    } finally {
      if (reading.current === own) reading.current = undefined
    }
  }
  const begin = useEffectEvent(() => void toEnd())
  useEffect(() => {
    begin()
    return () => reading.current?.abort()
  }, [filter])
  useEffect(() => live.onResumed(() => begin()), [])

  const older = async (): Promise<void> => {
    const first = held?.lines[0]
    if (held === undefined || first === undefined || !held.hasOlder || reading.current !== undefined) return
    const own = (reading.current = new AbortController())
    try {
      const { logs, next } = await api.get<LogPage>('/logs', { limit: PAGE, ...filter, before: first.id }, own.signal)
      if (!own.signal.aborted) setHeld((window) => window && withOlder(window, logs, next !== null))
    } catch (failure) {
      if (!own.signal.aborted) setError(failure)
    } finally {
      if (reading.current === own) reading.current = undefined
    }
  }
  const add = (fresh: readonly Log[]): void => setHeld((window) => window && withNewer(window, fresh.filter((log) => fits(log, filter)), follows.current))
  /** Lines that were logged between the first read and the first news are in neither. */
  const catchUp = async (): Promise<void> => {
    const after = held?.lines.at(-1)?.id ?? 0
    const { logs, next } = await api.get<LogPage>('/logs', { limit: PAGE, ...filter, after })
    if (next !== null && after > 0 && logs.length === PAGE) return toEnd()
    setHeld((window) => window && inOrder(window, logs.toReversed(), follows.current))
  }
  useLive('logs', ({ logs, lost }) => {
    if (held === undefined) return
    if (lost > 0 && follows.current) return void toEnd()
    add(logs)
    if (isCaughtUp.current) return
    isCaughtUp.current = true
    void catchUp().catch(() => undefined)
  })
  const setFollows = (does: boolean): void => {
    follows.current = does
    if (does) setHeld((window) => (window === undefined || window.unseen === 0 || !window.isAtEnd ? window : { ...window, unseen: 0 }))
  }
  return { held, error, older, toEnd, setFollows }
}

/** The window with lines of which some may lie before its last ones. */
function inOrder(window: LogWindow, lines: readonly Log[], follows: boolean): LogWindow {
  const known = new Set(window.lines.map(({ id }) => id))
  const missed = lines.filter(({ id }) => !known.has(id))
  if (missed.length === 0 || !window.isAtEnd) return window
  const [first] = missed as [Log, ...Log[]]
  const kept = window.lines.filter(({ id }) => id < first.id)
  const rest = [...window.lines.filter(({ id }) => id > first.id), ...missed].toSorted((a, b) => a.id - b.id)
  return withNewer({ ...window, lines: kept }, rest, follows)
}
