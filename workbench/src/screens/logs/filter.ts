import type { LogFilter } from '../../api/queries.ts'
import type { Level, Log } from '../../api/types.ts'

const RANKS: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 }
const TRACE_ID = /^[0-9a-f]{32}$/i

/** What the address asks for; a trace id that is searched for stands for the lines of that trace. */
export function filterOf(query: Record<string, string>): LogFilter {
  const filter: LogFilter = {}
  for (const name of ['level', 'step', 'trace', 'text'] as const) {
    if (query[name]) filter[name] = query[name]
  }
  const text = filter.text?.trim() ?? ''
  if (!TRACE_ID.test(text)) return filter
  const { text: _text, ...rest } = filter
  return { ...rest, trace: text.toLowerCase() }
}

/** Whether a line that was logged now is asked for. */
export function fits(log: Log, { level, step, trace, text }: LogFilter): boolean {
  if (level && RANKS[log.level] < (RANKS[level as Level] ?? 0)) return false
  if (step && log.source !== step) return false
  if (trace && log.traceId !== trace) return false
  return !text || hasText(log, text.toLowerCase())
}

function hasText({ message, source, data }: Log, text: string): boolean {
  if (message.toLowerCase().includes(text) || source.toLowerCase().includes(text)) return true
  return data !== null && JSON.stringify(data).toLowerCase().includes(text)
}
