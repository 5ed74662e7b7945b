import { useQuery, useQueryClient } from '@tanstack/react-query'

import { api } from '../../../api/client.ts'
import type { Trace, TraceSummary } from '../../../api/types.ts'
import { useLive } from '../../../api/useLive.ts'
import { ownRuns, runsWith, SHOWN } from './runs.ts'

/** The last traces in which a step has run, the newest first. */
export function useRuns(step: string) {
  const client = useQueryClient()
  const queryKey = ['flow', 'runs', step]
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await api.get<{ traces: TraceSummary[] }>('/traces', { step, limit: SHOWN }, signal)).traces,
  })
  useLive('traces', (changed) => {
    client.setQueryData<TraceSummary[]>(queryKey, (known) => known && runsWith(known, changed, step))
  })
  return query
}

/** What a step did in a trace, which is read again as the trace goes on; null when it has not run there yet. */
export function useOwnRuns({ traceId, status, spans, failed }: TraceSummary, step: string) {
  return useQuery({
    // Of a long trace nothing is kept but what is shown.
    queryKey: ['flow', 'own runs', step, traceId, status, spans, failed],
    queryFn: async ({ signal }) => ownRuns(await api.get<Trace>('/trace', { id: traceId }, signal), step),
    placeholderData: (before, query) => (query?.queryKey[2] === step ? before : undefined),
  })
}
