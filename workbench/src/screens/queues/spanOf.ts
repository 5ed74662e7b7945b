import type { Attempt, Span, Trace } from '../../api/types.ts'

export type SpanPlace = Pick<Span, 'spanId'>

interface Cause {
  step: string
  eventId: string
}

/**
 * The span of an attempt; null when the trace has none.
 *
 * A redriven event counts its attempts anew, so of those with the same number it is the one that began closest to it.
 */
export function spanOf(trace: Pick<Trace, 'began' | 'spanList'>, { step, eventId }: Cause, attempt: Attempt): SpanPlace | null {
  const offset = (Date.parse(attempt.began) - Date.parse(trace.began)) / 1000
  const away = (span: Span): number => Math.abs(span.offset - offset)
  const [nearest] = trace.spanList
    .filter((span) => span.step === step && span.causeId === eventId && span.attempt === attempt.number)
    .toSorted((one, other) => away(one) - away(other))
  return nearest ?? null
}
