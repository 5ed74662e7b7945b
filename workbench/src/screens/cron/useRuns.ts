import { useQuery, useQueryClient } from '@tanstack/react-query'

import { api } from '../../api/client.ts'
import { keys } from '../../api/queries.ts'
import type { Trace, TraceSummary } from '../../api/types.ts'
import { useLive } from '../../api/useLive.ts'
import { mergedRuns } from './runs.ts'

const SHOWN = 50

function keyOf(step: string): readonly string[] {
  return ['runs', step]
}

/** The newest runs of a step by its schedule, the newest first. */
export function useRuns(step: string) {
  return useQuery({
    queryKey: keyOf(step),
    queryFn: async ({ signal }) => {
      const { traces } = await api.get<{ traces: TraceSummary[] }>('/traces', { kind: 'cron', step, limit: SHOWN }, signal)
      return traces.filter((trace) => trace.step === step)
    },
  })
}

/** Puts runs where they are shown as they begin and end; to be called once, by the screen. */
export function useLiveRuns(): void {
  const client = useQueryClient()
  useLive('traces', (changed) => {
    for (const [step, runs] of Map.groupBy(changed.filter(({ kind }) => kind === 'cron'), (run) => run.step)) {
      client.setQueryData<TraceSummary[]>(keyOf(step), (known) => known && mergedRuns(known, runs, SHOWN))
      // A run has begun, so that the next one is another.
      void client.invalidateQueries({ queryKey: keys.schedules })
    }
  })
}

/** A run that was asked for. */
export interface Asked {
  /** The event that stands for the tick. */
  eventId: string
  step: string
  /** Runs that there were before. */
  before: ReadonlySet<string>
}

/** The run that an event has led to; null while it has not begun. */
export function useAskedRun(asked: Asked | null, runs: readonly TraceSummary[]): TraceSummary | null {
  const candidates = asked === null ? [] : runs.filter(({ traceId }) => !asked.before.has(traceId))
  const ids = candidates.map(({ traceId }) => traceId)
  const { data: found = null } = useQuery({
    // Its span may be there only when it has ended, so each change is a reason to look again.
    queryKey: ['asked-run', asked?.eventId, ...candidates.map(({ traceId, status }) => `${traceId} ${status}`)],
    enabled: candidates.length > 0,
    placeholderData: (before: string | null | undefined, query) => (query?.queryKey[1] === asked?.eventId ? before : null),
    queryFn: ({ signal }) => firstOf(ids, asked?.eventId ?? '', signal),
  })
  return runs.find(({ traceId }) => traceId === found) ?? null
}

async function firstOf(ids: readonly string[], eventId: string, signal: AbortSignal): Promise<string | null> {
  for (const id of ids.toReversed()) {
    const { spanList } = await api.get<Trace>('/trace', { id }, signal)
    if (spanList.some(({ causeId }) => causeId === eventId)) return id
  }
  return null
}
