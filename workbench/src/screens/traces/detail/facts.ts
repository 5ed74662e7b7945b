import type { Operation, Span, Trace } from '../../../api/types.ts'
import { formatDuration } from '../../../format/duration.ts'

/** What the time of a span went into, in words. */
export function durationsText({ queued, waited, seconds }: Span): string {
  const parts = queued > 0 ? [`${formatDuration(queued)} in its queue`] : []
  if (waited === null) return [...parts, seconds === null ? 'waits for a runner' : 'never had a runner'].join(', ')
  parts.push(`${formatDuration(waited)} for a runner`)
  parts.push(seconds === null ? 'runs' : `${formatDuration(Math.max(seconds - waited, 0))} in its handler`)
  return parts.join(', ')
}

/** When a span of a trace began. */
export function beganAt({ began }: Pick<Trace, 'began'>, { offset }: Span): string {
  return new Date(Date.parse(began) + offset * 1000).toISOString()
}

/** What an operation was about: its topic, or stream, group and key. */
export function objectOf({ target, group, key }: Operation): string {
  return [target, group, key].filter(Boolean).join(' / ')
}
