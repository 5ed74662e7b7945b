import type { TraceSummary } from '../../api/types.ts'

/** The known runs with changed ones in their places and new ones before them, at most so many. */
export function mergedRuns(known: readonly TraceSummary[], changed: readonly TraceSummary[], most: number): TraceSummary[] {
  const all = new Map([...known, ...changed].map((run) => [run.traceId, run]))
  return [...all.values()].sort((one, other) => Date.parse(other.began) - Date.parse(one.began)).slice(0, most)
}

/** The time of day in another zone, `Mon 03:30`; null for a zone that the browser does not know. */
export function timeIn(zone: string, moment: string): string | null {
  try {
    const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' })
    return format.format(new Date(moment))
  } catch {
    return null
  }
}
