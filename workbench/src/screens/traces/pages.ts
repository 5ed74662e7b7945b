import type { TraceSummary } from '../../api/types.ts'

export interface TracePage {
  traces: TraceSummary[]
  next: string | null
}

type Fits = (trace: TraceSummary) => boolean

/** All traces of the pages, each once. */
export function tracesOf(pages: readonly TracePage[]): TraceSummary[] {
  const all = new Map<string, TraceSummary>()
  for (const { traces } of pages) for (const trace of traces) if (!all.has(trace.traceId)) all.set(trace.traceId, trace)
  return [...all.values()]
}

/** The pages with what is known of each trace now, without those that fit no more. */
export function updated(pages: readonly TracePage[], changed: readonly TraceSummary[], fits: Fits): TracePage[] {
  const news = new Map(changed.map((trace) => [trace.traceId, trace]))
  return pages.map((page) => {
    if (!page.traces.some(({ traceId }) => news.has(traceId))) return page
    return { ...page, traces: page.traces.map((trace) => news.get(trace.traceId) ?? trace).filter((trace) => !news.has(trace.traceId) || fits(trace)) }
  })
}

/** Of what has changed, what the list should have and has not; what lies behind its last page comes when it is read. */
export function missing(pages: readonly TracePage[], changed: readonly TraceSummary[], fits: Fits): TraceSummary[] {
  const known = new Set(pages.flatMap(({ traces }) => traces.map(({ traceId }) => traceId)))
  const last = pages.at(-1)
  const end = last?.next == null ? '' : (last.traces.at(-1)?.began ?? '')
  return changed.filter((trace) => !known.has(trace.traceId) && fits(trace) && trace.began >= end)
}

/** The pages with more traces in the first of them, the newest on top. */
export function withNew(pages: readonly TracePage[], fresh: readonly TraceSummary[]): TracePage[] {
  const [first, ...rest] = pages
  if (first === undefined || fresh.length === 0) return [...pages]
  const news = new Set(fresh.map(({ traceId }) => traceId))
  const traces = [...fresh, ...first.traces.filter(({ traceId }) => !news.has(traceId))]
  return [{ ...first, traces: traces.toSorted((a, b) => b.began.localeCompare(a.began)) }, ...rest]
}

/** What is held back, with what has changed since; those that fit no more are left out. */
export function heldWith(held: readonly TraceSummary[], fresh: readonly TraceSummary[], fits: Fits): TraceSummary[] {
  const all = new Map([...held, ...fresh].map((trace) => [trace.traceId, trace]))
  return [...all.values()].filter(fits)
}
