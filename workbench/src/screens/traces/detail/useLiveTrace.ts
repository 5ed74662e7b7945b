import { useEffect, useRef, useState } from 'react'

import { useTrace } from '../../../api/queries.ts'
import { useLive } from '../../../api/useLive.ts'

const TICK = 250

/** The trace as it changes. Reads follow each other, so that a large one that changes all the time is still shown. */
export function useLiveTrace(id: string) {
  const query = useTrace(id)
  const { refetch } = query
  const state = useRef({ isStale: false, isReading: false })
  const read = async (): Promise<void> => {
    state.current.isStale = true
    if (state.current.isReading) return
    state.current.isReading = true
    while (state.current.isStale) {
      state.current.isStale = false
      await refetch({ cancelRefetch: false })
    }
    state.current.isReading = false
  }
  useLive('traces', (changed) => {
    if (changed.some(({ traceId }) => traceId === id)) void read()
  })
  // What it logs last is written after it has ended.
  useLive('logs', ({ logs }) => {
    if (logs.some(({ traceId }) => traceId === id)) void read()
  })
  return query
}

/** Seconds since the trace began, which go on while it runs; null once it has ended. */
export function useElapsed(began: string | undefined, isRunning: boolean): number | null {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!isRunning) return undefined
    const timer = setInterval(() => setNow(Date.now()), TICK)
    return () => clearInterval(timer)
  }, [isRunning])
  return isRunning && began !== undefined ? Math.max((now - Date.parse(began)) / 1000, 0) : null
}
