import { useQuery, useQueryClient } from '@tanstack/react-query'

import { api } from '../api/client.ts'
import { ApiError } from '../api/error.ts'
import { keys } from '../api/queries.ts'
import type { Trace } from '../api/types.ts'
import { useLive } from '../api/useLive.ts'
import { places } from '../app/places.ts'
import { counted } from '../format/count.ts'
import { StatusBadge } from './Badge.tsx'
import { Link } from './Link.tsx'
import { Duration } from './values.tsx'

/** A link to a trace, with how it stands now; what it has caused may go on after the answer. */
export function TraceLink({ id }: { id: string }) {
  const client = useQueryClient()
  const { data } = useQuery({
    queryKey: [...keys.trace(id), 'outcome'],
    // Runs are written a moment after they end, and an event may find no step at all.
    queryFn: ({ signal }) => api.get<Trace>('/trace', { id }, signal).catch(nullIfMissing),
  })
  useLive('traces', (changed) => {
    if (changed.some(({ traceId }) => traceId === id)) void client.invalidateQueries({ queryKey: keys.trace(id) })
  })
  return (
    <span className="inline-flex max-w-full min-w-0 items-center gap-2 text-sm">
      <Link to={places.trace(id)} className="shrink-0 text-accent hover:underline" title={id}>
        Trace <span className="font-mono">{id.slice(0, 8)}</span>
      </Link>
      {data && (
        <>
          <StatusBadge status={data.status} />
          <span className="shrink-0 text-muted" title={data.steps.join(', ')}>
            {counted(data.spans, 'run')}
          </span>
          {data.seconds !== null && <Duration seconds={data.seconds} />}
          {data.error !== null && (
            <span className="min-w-0 truncate text-bad" title={data.error}>
              {data.error}
            </span>
          )}
        </>
      )}
    </span>
  )
}

function nullIfMissing(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null
  throw error
}
