import { useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { useCallback, useMemo, useRef, useState } from 'react'

import { api } from '../../api/client.ts'
import { keys, useProject, useTraces, type TraceFilter } from '../../api/queries.ts'
import type { TraceSummary } from '../../api/types.ts'
import { useLive } from '../../api/useLive.ts'
import { fits } from './filter.ts'
import { heldWith, missing, tracesOf, updated, withNew, type TracePage } from './pages.ts'

type Pages = InfiniteData<TracePage, string | null>

/** With more rows than these, the list begins anew when one is at its top. */
const MOST = 5000
/** Of those that are held back, no more are kept; the list is then read again. */
const MOST_HELD = 500

/** The traces that a filter finds, as they change. New ones wait while `setReading` says that somebody reads. */
export function useTraceList(filter: TraceFilter) {
  const client = useQueryClient()
  const query = useTraces(filter)
  const [held, setHeld] = useState<{ filter: TraceFilter; traces: TraceSummary[] }>({ filter, traces: [] })
  const isReading = useRef(false)
  const flowSteps = useFlowSteps(filter.flow)
  const belongs = (trace: TraceSummary): boolean => fits(trace, filter, flowSteps)
  const waiting = held.filter === filter ? held.traces : []

  const change = (to: (pages: readonly TracePage[]) => TracePage[]): void => {
    client.setQueryData<Pages>(keys.traces(filter), (known) => known && { ...known, pages: to(known.pages) })
  }
  const startOver = async (): Promise<void> => {
    const first = await api.get<TracePage>('/traces', { limit: 100, ...filter })
    client.setQueryData<Pages>(keys.traces(filter), { pages: [first], pageParams: [null] })
  }
  const show = (fresh: readonly TraceSummary[]): void => {
    setHeld({ filter, traces: [] })
    const rows = query.data === undefined ? 0 : tracesOf(query.data.pages).length
    if (fresh.length >= MOST_HELD || rows > MOST) void startOver().catch(() => undefined)
    else change((pages) => withNew(pages, fresh))
  }
  useLive('traces', (changed) => {
    const pages = client.getQueryData<Pages>(keys.traces(filter))?.pages
    if (pages === undefined) return
    const fresh = heldWith(waiting, [...changed.filter(({ traceId }) => waiting.some((each) => each.traceId === traceId)), ...missing(pages, changed, belongs)], belongs)
    change((known) => updated(known, changed, belongs))
    if (isReading.current) setHeld({ filter, traces: fresh.slice(0, MOST_HELD) })
    else if (fresh.length > 0) show(fresh)
  })
  const showHeld = (): void => show(waiting)
  const setReading = (reads: boolean): void => {
    isReading.current = reads
    if (!reads && waiting.length > 0) showHeld()
  }
  const traces = useMemo(() => query.data && tracesOf(query.data.pages), [query.data])
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  return { query, traces, held: waiting.length, showHeld, setReading, more }
}

function useFlowSteps(flow: string | undefined): ReadonlySet<string> {
  const steps = useProject().data?.steps
  return useMemo(
    () => new Set(steps?.filter(({ flows }) => flow !== undefined && flows.includes(flow)).map(({ name }) => name)),
    [steps, flow],
  )
}
