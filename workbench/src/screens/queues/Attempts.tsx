import { useQuery } from '@tanstack/react-query'

import { api } from '../../api/client.ts'
import { ApiError } from '../../api/error.ts'
import type { Attempt, Trace } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { Badge } from '../../components/Badge.tsx'
import { Link } from '../../components/Link.tsx'
import { Duration, Time } from '../../components/values.tsx'
import { counted } from '../../format/count.ts'
import { FailureView } from './FailureView.tsx'
import { spanOf, type SpanPlace } from './spanOf.ts'

interface AttemptsProps {
  step: string
  event: { traceId: string; eventId: string; attempts: readonly Attempt[] }
}

/** All attempts with their failures, the last one first; each leads to its span. */
export function Attempts({ step, event }: AttemptsProps) {
  const { traceId, eventId, attempts } = event
  const trace = useTraceIfKept(traceId)
  if (attempts.length === 0) return null
  return (
    <section className="px-4 py-3">
      <h5 className="mb-2 text-sm font-medium text-muted">{counted(attempts.length, 'attempt')}</h5>
      <ol className="flex flex-col gap-4">
        {attempts.toReversed().map((attempt, at) => (
          <AttemptItem
            key={`${attempt.number} ${attempt.began}`}
            attempt={attempt}
            traceId={traceId}
            span={trace === undefined ? undefined : trace && spanOf(trace, { step, eventId }, attempt)}
            isFirst={at === 0}
          />
        ))}
      </ol>
    </section>
  )
}

interface AttemptItemProps {
  attempt: Attempt
  traceId: string
  /** Undefined while it is not known; null when it is not kept. */
  span: SpanPlace | null | undefined
  isFirst: boolean
}

function AttemptItem({ attempt, traceId, span, isFirst }: AttemptItemProps) {
  const { number, began, ended, failure } = attempt
  return (
    <li className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2 text-sm text-muted">
        <Badge tone="bad">Attempt {number}</Badge>
        <Time at={began} />
        <Duration seconds={Math.max(0, (Date.parse(ended) - Date.parse(began)) / 1000)} />
        <span className="flex-1" />
        {span === null ? (
          <span title="Traces are bounded by number, age and size.">Its trace is not kept any more</span>
        ) : (
          <Link to={places.trace(traceId, span?.spanId)}>Show in its trace</Link>
        )}
      </div>
      <FailureView failure={failure} began={began} isOpen={isFirst} />
    </li>
  )
}

/** Null for a trace that is not kept, undefined while it is being read. */
function useTraceIfKept(id: string): Trace | null | undefined {
  return useQuery({
    queryKey: ['trace-of-letter', id],
    queryFn: ({ signal }) =>
      api.get<Trace>('/trace', { id }, signal).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }),
  }).data
}
