import type { Frame, Span, Trace, TraceSummary } from '../../../api/types.ts'

export const SHOWN = 12

/** Runs of a step with those that have changed; failed ones first, then the newest. */
export function runsWith(known: readonly TraceSummary[], changed: readonly TraceSummary[], step: string): TraceSummary[] {
  const own = changed.filter(({ steps }) => steps.includes(step))
  const all = new Map([...known, ...own].map((trace) => [trace.traceId, trace]))
  return [...all.values()].toSorted((a, b) => rank(a) - rank(b) || b.began.localeCompare(a.began)).slice(0, SHOWN)
}

function rank({ status }: TraceSummary): number {
  return status === 'failed' ? 0 : 1
}

/** The span of a trace that says most of a step: its last failed attempt, else its last; null when it has none. */
export function spanOf(trace: Trace, step: string): Span | null {
  const own = trace.spanList.filter((span) => span.step === step)
  return own.findLast(({ status }) => status === 'failed') ?? own.at(-1) ?? null
}

/** The frames of a failure and of what caused it, where it was thrown first; each place once. */
export function framesOf({ failure }: Span): Frame[] {
  const places = new Map<string, Frame>()
  for (let each = failure; each !== null; each = each.cause) {
    for (const frame of each.frames) {
      const key = `${frame.file}:${frame.line}`
      if (!places.has(key)) places.set(key, frame)
    }
  }
  return [...places.values()]
}
