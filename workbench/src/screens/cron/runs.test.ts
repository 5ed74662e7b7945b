import { expect, test } from 'vitest'

import type { TraceSummary } from '../../api/types.ts'
import { mergedRuns, timeIn } from './runs.ts'

function run(traceId: string, second: number, status: TraceSummary['status'] = 'ok'): TraceSummary {
  const began = `2026-05-06T03:04:${String(second).padStart(2, '0')}.000+00:00`
  const rest = { seconds: 1, spans: 1, failed: 0, httpStatus: null, repeats: null, error: null }
  return { traceId, name: '* * * * *', kind: 'cron', step: 'Count', steps: ['Count'], began, status, ...rest }
}

test('changed runs take their places, new ones come first, and old ones leave', () => {
  const known = [run('b', 2, 'running'), run('a', 1)]
  const merged = mergedRuns(known, [run('c', 3), run('b', 2, 'failed')], 2)
  expect(merged.map(({ traceId, status }) => [traceId, status])).toEqual([['c', 'ok'], ['b', 'failed']])
})

test('a moment has another time in another zone', () => {
  const moment = '2026-05-06T03:04:00.000+00:00'
  expect(timeIn('Europe/Berlin', moment)).toContain('05:04:00')
  expect(timeIn('Nowhere/At_All', moment)).toBeNull()
})
