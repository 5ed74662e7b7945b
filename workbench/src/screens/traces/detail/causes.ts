import type { Failure } from '../../../api/types.ts'

const MOST_CAUSES = 20

/** The failure and what caused it, the first cause last; of a very long chain its beginning, and how many more there are. */
export function causesOf(failure: Failure): { shown: Failure[]; more: number } {
  const shown: Failure[] = []
  let more = 0
  for (let next: Failure | null = failure; next !== null; next = next.cause) {
    if (shown.length < MOST_CAUSES) shown.push(next)
    else more += 1
  }
  return { shown, more }
}
