const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const NICKNAMES: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
/** More than so many moments are not listed. */
const MOST_LISTED = 6

/** How many of a unit there are, and where they begin anew. */
const WHOLES = { second: [60, 'the full minute'], minute: [60, 'the full hour'], hour: [24, 'midnight'] } as const

/** One field: `*`, `*` with a step, values and ranges, or null for what this does not put into words. */
type Field = { step: number } | { parts: Part[] }
type Part = { from: number; to: number }

/** A cron expression in words, such as `At 02:30, Monday to Friday`; empty for what cannot be put into words. */
export function describe(expression: string): string {
  const fields = (NICKNAMES[expression.trim().toLowerCase()] ?? expression).trim().split(/\s+/)
  const [second, minute, hour, date, month, day] = fields.length === 5 ? ['0', ...fields] : fields
  if (fields.length < 5 || fields.length > 6) return ''
  const read = [field(second), field(minute), field(hour), field(date), field(month, MONTHS, 1), field(day, DAYS, 0)]
  if (read.some((each) => each === null)) return ''
  const [seconds, minutes, hours, dates, months, days] = read as [Field, Field, Field, Field, Field, Field]
  const clock = clockText(seconds, minutes, hours)
  const calendar = calendarText(dates, months, days)
  return clock === '' || calendar === null ? '' : [clock, calendar].filter(Boolean).join(', ')
}

function field(text = '', names: readonly string[] = [], first = 0): Field | null {
  const every = /^\*(?:\/(\d+))?$/.exec(text)
  if (every !== null) return { step: Number(every[1] ?? 1) }
  const parts = text.split(',').map((part) => partOf(part, names, first))
  return parts.some((part) => part === null) ? null : { parts: parts as Part[] }
}

function partOf(text: string, names: readonly string[], first: number): Part | null {
  const [, from = '', to = from] = /^(\w+)(?:-(\w+))?$/.exec(text) ?? []
  const [low, high] = [from, to].map((each) => valueOf(each, names, first))
  return low === undefined || high === undefined || Number.isNaN(low) || Number.isNaN(high) ? null : { from: low, to: high }
}

function valueOf(text: string, names: readonly string[], first: number): number {
  if (/^\d+$/.test(text)) return Number(text)
  const at = names.findIndex((name) => text.length === 3 && name.toLowerCase().startsWith(text.toLowerCase()))
  return at === -1 ? Number.NaN : at + first
}

function isEvery(each: Field): boolean {
  return 'step' in each && each.step === 1
}

/** Its values one by one; null for a field with a step or with ranges. */
function listed(each: Field): number[] | null {
  return 'step' in each || each.parts.some(({ from, to }) => from !== to) ? null : each.parts.map(({ from }) => from)
}

function clockText(seconds: Field, minutes: Field, hours: Field): string {
  const [second, minute, hour] = [listed(seconds), listed(minutes), listed(hours)]
  const isOnMinute = second?.length === 1 && second[0] === 0
  if (second?.length === 1 && minute !== null && hour !== null && minute.length * hour.length <= MOST_LISTED) {
    const times = hour.flatMap((h) => minute.map((m) => clock(h, m, second[0] ?? 0)))
    return `At ${series(times)}`
  }
  if (!isOnMinute) return secondsText(seconds, minutes, hours)
  if (minute?.length === 1 && minute[0] === 0) return `${every(hours, 'hour')}${within(hours, 'hours')}`
  if (minute === null) return `${every(minutes, 'minute')}${within(minutes, 'minutes')}${duringHours(hours)}`
  const at = `At ${minute.length === 1 ? 'minute' : 'minutes'} ${series(minute.map(String))}`
  return isEvery(hours) ? `${at} of every hour` : `${at}${duringHours(hours)}`
}

function secondsText(seconds: Field, minutes: Field, hours: Field): string {
  const second = listed(seconds)
  const at = second === null ? `${every(seconds, 'second')}${within(seconds, 'seconds')}` : `At ${second.length === 1 ? 'second' : 'seconds'} ${series(second.map(String))}`
  if (!isEvery(minutes)) return `${at}, ${minutesOf(minutes)}${duringHours(hours)}`
  return second === null ? `${at}${duringHours(hours)}` : `${at} of every minute${duringHours(hours)}`
}

function minutesOf(minutes: Field): string {
  if ('step' in minutes) return `in every ${ordinal(minutes.step)} minute`
  return `in ${minutes.parts.length === 1 && isSingle(minutes.parts[0]) ? 'minute' : 'minutes'} ${spans(minutes.parts, String)}`
}

/** `Every 5 minutes`; of values it is every one, and `within` says which. */
function every(each: Field, unit: keyof typeof WHOLES): string {
  const step = 'step' in each ? each.step : 1
  if (step === 1) return `Every ${unit}`
  const [most, start] = WHOLES[unit]
  return `Every ${step} ${unit}s${most % step === 0 ? '' : `, counted from ${start} on`}`
}

function within(each: Field, units: string): string {
  if ('step' in each) return ''
  if (units === 'hours') return `, ${spans(each.parts, (hour) => clock(hour, 0, 0), 'from ')}`
  return `, ${units} ${spans(each.parts, String)}`
}

function duringHours(hours: Field): string {
  if (isEvery(hours)) return ''
  if ('step' in hours) return `, in every ${ordinal(hours.step)} hour`
  // The hour that ends a range counts whole.
  return `, ${series(hours.parts.map(({ from, to }) => `from ${clock(from, 0, 0)} to ${clock(to, 59, 0)}`))}`
}

/** Empty for every day; null for what cannot be put into words. */
function calendarText(dates: Field, months: Field, days: Field): string | null {
  const month = isEvery(months) ? '' : 'step' in months ? `in every ${ordinal(months.step)} month` : `in ${spans(months.parts, nameIn(MONTHS, 1))}`
  if (isEvery(dates) && isEvery(days)) return month
  const date = isEvery(dates) ? '' : dateText(dates, months)
  const day = isEvery(days) ? '' : 'step' in days ? null : spans(days.parts, nameIn(DAYS, 0))
  if (day === null) return null
  // With both fields given, either of them suffices.
  const which = [date, day].filter(Boolean).join(' or ')
  return date !== '' && month !== '' && isOneDay(dates, months) && day === '' ? which : [which, month].filter(Boolean).join(', ')
}

function isOneDay(dates: Field, months: Field): boolean {
  return listed(dates)?.length === 1 && listed(months)?.length === 1
}

function dateText(dates: Field, months: Field): string {
  if ('step' in dates) return `every ${ordinal(dates.step)} day of the month`
  const [date] = dates.parts
  const month = listed(months)
  if (isOneDay(dates, months) && date !== undefined && month !== null) return `on ${date.from} ${nameIn(MONTHS, 1)(month[0] ?? 1)}`
  const isOne = dates.parts.length === 1 && isSingle(date)
  return `on ${isOne ? 'day' : 'days'} ${spans(dates.parts, String)} of the month`
}

function nameIn(names: readonly string[], first: number): (value: number) => string {
  return (value) => names[(value - first) % names.length] ?? String(value)
}

function isSingle(part: Part | undefined): boolean {
  return part !== undefined && part.from === part.to
}

function spans(parts: readonly Part[], text: (value: number) => string, before = ''): string {
  return series(parts.map(({ from, to }) => (from === to ? text(from) : `${before}${text(from)} to ${text(to)}`)))
}

function series(all: readonly string[]): string {
  const texts = [...new Set(all)]
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`
}

function clock(hour: number, minute: number, second: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${two(hour)}:${two(minute)}${second === 0 ? '' : `:${two(second)}`}`
}

function ordinal(value: number): string {
  const endings: Record<number, string> = { 1: 'st', 2: 'nd', 3: 'rd' }
  const isTeen = value % 100 > 10 && value % 100 < 14
  return value === 2 ? 'other' : `${value}${(!isTeen && endings[value % 10]) || 'th'}`
}
