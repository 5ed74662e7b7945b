import { useQuery, useQueryClient } from '@tanstack/react-query'

import { api } from '../../../api/client.ts'
import type { TraceSummary } from '../../../api/types.ts'
import { useLive } from '../../../api/useLive.ts'
import { runsWith, SHOWN } from './runs.ts'

/** The last runs of a step, failed ones first. */
export function useRuns(step: string) {
  const client = useQueryClient()
  const queryKey = ['flow', 'runs', step]
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => {
      const [failed, newest] = await Promise.all([read({ step, status: 'failed' }, signal), read({ step }, signal)])
      return runsWith(failed, newest, step)
    },
  })
  useLive('traces', (changed) => {
    client.setQueryData<TraceSummary[]>(queryKey, (known) => known && runsWith(known, changed, step))
  })
  return query
}

async function read(filter: { step: string; status?: string }, signal: AbortSignal): Promise<TraceSummary[]> {
  return (await api.get<{ traces: TraceSummary[] }>('/traces', { ...filter, limit: SHOWN / 2 }, signal)).traces
}
