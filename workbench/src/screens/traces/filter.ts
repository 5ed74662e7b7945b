import type { TraceFilter } from '../../api/queries.ts'
import type { TraceSummary } from '../../api/types.ts'

export const PERIODS = [
  ['', 'Any time'],
  ['5m', 'Last 5 minutes'],
  ['1h', 'Last hour'],
  ['1d', 'Last day'],
] as const

const SECONDS: Record<string, number> = { '5m': 300, '1h': 3600, '1d': 86_400 }

/** When a period began, to the minute; undefined for any time. */
export function sinceOf(period: string, now: number): string | undefined {
  const seconds = SECONDS[period]
  if (seconds === undefined) return undefined
  const minute = 60_000
  return new Date(Math.floor((now - seconds * 1000) / minute) * minute).toISOString()
}

/** What the address asks for, without what it leaves open. */
export function filterOf(query: Record<string, string>, now: number): TraceFilter {
  const filter: TraceFilter = {}
  for (const name of ['status', 'kind', 'step', 'flow', 'text'] as const) {
    if (query[name]) filter[name] = query[name]
  }
  if (query['until']) filter.until = query['until']
  const since = sinceOf(query['time'] ?? '', now)
  return since === undefined ? filter : { ...filter, since }
}

/** Whether a trace that has changed belongs into the list; `flowSteps` are the steps of the flow that is asked for. */
export function fits(trace: TraceSummary, filter: TraceFilter, flowSteps: ReadonlySet<string>): boolean {
  const { status, kind, step, flow, text, since, until } = filter
  if (status && trace.status !== status) return false
  if (kind && trace.kind !== kind) return false
  if (step && !trace.steps.includes(step)) return false
  if (flow && !trace.steps.some((each) => flowSteps.has(each))) return false
  if (since && trace.began < since) return false
  if (until && Date.parse(trace.began) >= Date.parse(until)) return false
  return !text || hasText(trace, text.toLowerCase())
}

function hasText({ traceId, name, steps, error }: TraceSummary, text: string): boolean {
  return [traceId, name, error ?? '', ...steps].some((each) => each.toLowerCase().includes(text))
}
