import { useEffect, useEffectEvent, useRef, useState } from 'react'

import { api, type Query } from '../../api/client.ts'
import type { LogFilter } from '../../api/queries.ts'
import type { Log } from '../../api/types.ts'
import { live, useLive } from '../../api/useLive.ts'
import { fits } from './filter.ts'
import { useRead, type Reads } from './useRead.ts'
import { inOrder, windowFrom, windowOf, withNewer, withNext, withOlder, type LogWindow } from './window.ts'

interface LogPage {
  logs: Log[]
  next: number | null
}

/** What is held, and what was asked for when it was read. */
export interface HeldLogs {
  asked: LogPlace
  window: LogWindow
}

/** Which lines, and from when on (ISO 8601); the newest without a time. */
export interface LogPlace {
  filter: LogFilter
  at: string
}

type Hold = (change: (window: LogWindow) => LogWindow) => void

const PAGE = 500

/** The lines that a filter finds: the newest as they come, or those of a time, and what is around them as it is asked for. */
export function useLogWindow(asked: LogPlace) {
  const [held, setHeld] = useState<HeldLogs>()
  const { reads, error } = useRead()
  const follows = useRef(asked.at === '')
  const begin = useEffectEvent(() => {
    follows.current = asked.at === ''
    void reads.begin((signal) => firstOf(asked, signal), (window) => setHeld({ asked, window }))
  })
  useEffect(() => {
    begin()
    return () => reads.stop()
  }, [asked, reads])
  useEffect(() => live.onResumed(() => begin()), [])

  const hold: Hold = (change) =>
    setHeld((before) => {
      const window = before && change(before.window)
      return before === undefined || window === undefined || window === before.window ? before : { ...before, window }
    })
  // What is in sight while another question is being answered is left as it is.
  const current = held?.asked === asked ? held : undefined
  const restart = (): void => begin()
  useNews({ current, hold, follows, restart })
  const setFollows = (does: boolean): void => {
    follows.current = does
    if (does) hold((window) => (window.unseen === 0 || !window.isAtEnd ? window : { ...window, unseen: 0 }))
  }
  return { held, isStale: current === undefined, error, restart, setFollows, ...pagesOf(current, reads, hold) }
}

/** The newest lines; or, where there are such, those from a time on. */
async function firstOf({ filter, at }: LogPlace, signal: AbortSignal): Promise<LogWindow> {
  if (at !== '') {
    const { logs, next } = await read({ ...filter, since: at, order: 'oldest' }, signal)
    if (logs.length > 0) return windowFrom(logs, next === null)
  }
  const { logs, next } = await read({ ...filter }, signal)
  return windowOf(logs, next !== null)
}

/** How to read what is before and behind the lines that are held. */
function pagesOf(current: HeldLogs | undefined, reads: Reads, hold: Hold) {
  const older = (): void => {
    const first = current?.window.lines[0]
    if (current === undefined || first === undefined || !current.window.hasOlder || reads.isUnderWay) return
    void reads.begin(
      (signal) => read({ ...current.asked.filter, before: first.id }, signal),
      ({ logs, next }) => hold((window) => withOlder(window, logs, next !== null)),
    )
  }
  const newer = (): void => {
    const last = current?.window.lines.at(-1)
    if (current === undefined || last === undefined || current.window.isAtEnd || reads.isUnderWay) return
    void reads.begin(
      (signal) => read({ ...current.asked.filter, after: last.id, order: 'oldest' }, signal),
      ({ logs, next }) => hold((window) => withNext(window, logs, next === null)),
    )
  }
  return { older, newer }
}

interface News {
  current: HeldLogs | undefined
  hold: Hold
  follows: { readonly current: boolean }
  restart: () => void
}

/** Adds what is logged now. Lines that were logged between a read and the first news after it are read too. */
function useNews({ current, hold, follows, restart }: News): void {
  // Of a window that goes on to the end, which has to be so anew when it was read anew, or has come there by paging.
  const caughtUp = useRef<LogFilter>(undefined)
  const isAtEnd = current?.window.isAtEnd ?? false
  useEffect(() => {
    caughtUp.current = undefined
  }, [isAtEnd, current?.asked])
  const catchUp = async ({ asked: { filter }, window: { lines } }: HeldLogs): Promise<void> => {
    const after = lines.at(-1)?.id ?? 0
    const { logs, next } = await read({ ...filter, after })
    if (next !== null && after > 0) return restart()
    hold((window) => inOrder(window, logs.toReversed(), follows.current))
  }
  useLive('logs', ({ logs, lost }) => {
    if (current === undefined) return
    if (lost > 0 && follows.current) return restart()
    const { filter } = current.asked
    const fresh = logs.filter((log) => fits(log, filter))
    hold((window) => withNewer(window, fresh, follows.current))
    if (!isAtEnd || caughtUp.current === filter) return
    caughtUp.current = filter
    void catchUp(current).catch(() => undefined)
  })
}

function read(query: Query, signal?: AbortSignal): Promise<LogPage> {
  return api.get<LogPage>('/logs', { limit: PAGE, ...query }, signal)
}
