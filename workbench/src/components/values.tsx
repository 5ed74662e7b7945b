import { formatBytes } from '../format/bytes.ts'
import { formatDuration } from '../format/duration.ts'
import { formatDistance, formatFull, formatTime } from '../format/time.ts'
import { useNow } from './useNow.ts'

/** A span of time; what still runs has none. */
export function Duration({ seconds }: { seconds: number | null }) {
  if (seconds === null) return <span className="text-busy">running</span>
  return <span className="tabular whitespace-nowrap" title={`${seconds} s`}>{formatDuration(seconds)}</span>
}

/** A time of day. */
export function Time({ at }: { at: string | null }) {
  if (at === null) return <Absent />
  return (
    <time dateTime={at} title={formatFull(at)} className="tabular whitespace-nowrap">
      {formatTime(at)}
    </time>
  )
}

/** How long ago, or how far ahead; it counts on. */
export function Distance({ at }: { at: string | null }) {
  const now = useNow()
  if (at === null) return <Absent />
  return (
    <time dateTime={at} title={formatFull(at)} className="tabular whitespace-nowrap">
      {formatDistance(at, now)}
    </time>
  )
}

export function Bytes({ bytes }: { bytes: number | null }) {
  if (bytes === null) return <Absent />
  return <span className="tabular whitespace-nowrap" title={`${bytes} bytes`}>{formatBytes(bytes)}</span>
}

/** What is not known, or not there. */
export function Absent() {
  return (
    <span className="text-faint">
      <span aria-hidden>–</span>
      <span className="sr-only">none</span>
    </span>
  )
}
