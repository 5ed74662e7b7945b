import type { Frame, Span, Status, Trace, TraceSummary } from '../../../api/types.ts'

export const SHOWN = 12

/** Traces of a step with those that have changed, the newest first. */
export function runsWith(known: readonly TraceSummary[], changed: readonly TraceSummary[], step: string): TraceSummary[] {
  const own = changed.filter(({ steps }) => steps.includes(step))
  const all = new Map([...known, ...own].map((trace) => [trace.traceId, trace]))
  return [...all.values()].toSorted((a, b) => b.began.localeCompare(a.began)).slice(0, SHOWN)
}

/** What a step did in a trace: all its runs there, each with its attempts. */
export interface OwnRuns {
  runs: number
  status: Status
  httpStatus: number | null
  /** When the first began. */
  began: string
  /** Of all together; null while one runs. */
  seconds: number | null
  error: string | null
}

/** What a step did in a trace; null when it has not run there yet. A failed attempt that is tried again is no end. */
export function ownRuns(trace: Trace, step: string): OwnRuns | null {
  const own = trace.spanList.filter((span) => span.step === step)
  const [first] = own
  if (first === undefined) return null
  const lasting = own.filter(({ then }) => then !== 'retry')
  const failed = lasting.findLast(({ status }) => status === 'failed')
  const isRunning = own.some(({ status }) => status === 'running') || lasting.length === 0
  return {
    runs: Math.max(lasting.length, 1),
    status: failed ? 'failed' : isRunning ? 'running' : 'ok',
    httpStatus: lasting.length === 1 ? (lasting[0]?.httpStatus ?? null) : null,
    began: new Date(Date.parse(trace.began) + first.offset * 1000).toISOString(),
    seconds: isRunning ? null : own.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0),
    error: failed?.failure ? failed.failure.message || failed.failure.type : null,
  }
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
