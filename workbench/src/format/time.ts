import { formatDuration } from './duration.ts'

/** The time of day, with milliseconds: `14:03:07.250`; on another day with its date before it. */
export function formatTime(iso: string, now = Date.now()): string {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return iso
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')
  const clock = `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`
  if (time.toDateString() === new Date(now).toDateString()) return clock
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${clock}`
}

/** How far away a time is: `12 s ago`, `in 3m 00s`, `just now`. */
export function formatDistance(iso: string, now = Date.now()): string {
  const away = (new Date(iso).getTime() - now) / 1000
  if (Math.abs(away) < 1) return 'just now'
  const text = Math.abs(away) < 59.5 ? `${Math.round(Math.abs(away))} s` : formatDuration(Math.abs(away))
  return away < 0 ? `${text} ago` : `in ${text}`
}

/** Made once: a format costs more to make than all that it writes on a screen. */
const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' })

/** Date and time with the zone, for tooltips. */
export function formatFull(iso: string): string {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? iso : `${LOCAL.format(time)} (${time.toISOString()})`
}

/** Date and time as clocks show it here, to the second, as fields for it want it: `2026-01-31T14:03:07`; empty when it is none. */
export function localTime(iso: string): string {
  const time = new Date(iso).getTime()
  if (Number.isNaN(time)) return ''
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}
