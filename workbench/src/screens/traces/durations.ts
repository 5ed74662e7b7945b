import type { TraceSummary } from '../../api/types.ts'

/** Below a millisecond all bars are as short as they can be. */
const LEAST = 0.001

/** How long a bar is, of 1: by the logarithm, since a millisecond and a minute stand in one list. */
export function shareOf(seconds: number, longest: number): number {
  if (longest <= LEAST) return seconds > 0 ? 1 : 0
  const share = Math.log(Math.max(seconds, LEAST) / LEAST + 1) / Math.log(longest / LEAST + 1)
  return Math.min(Math.max(share, 0.02), 1)
}

export function longestOf(traces: readonly TraceSummary[]): number {
  return traces.reduce((longest, { seconds }) => Math.max(longest, seconds ?? 0), 0)
}
