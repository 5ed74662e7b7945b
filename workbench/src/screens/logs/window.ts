import type { Log } from '../../api/types.ts'

/** The part of the log that is held: some lines one after the other, the oldest first. */
export interface LogWindow {
  lines: readonly Log[]
  /** There are lines before the first one. */
  hasOlder: boolean
  /** There is none behind the last one, so that what is logged now goes on here. */
  isAtEnd: boolean
  /** Lines that came since one has left the end. */
  unseen: number
}

/** So many lines are held at most. */
export const MOST = 20_000

/** The newest lines, as the API gives them: the newest first. */
export function windowOf(page: readonly Log[], hasOlder: boolean): LogWindow {
  return { lines: page.toReversed(), hasOlder, isAtEnd: true, unseen: 0 }
}

/** Lines from some time on, the oldest first; what is before them is not known yet. */
export function windowFrom(lines: readonly Log[], isAtEnd: boolean): LogWindow {
  return { lines, hasOlder: true, isAtEnd, unseen: 0 }
}

/** The window with a page behind it, the oldest first; where that is too much, its oldest lines are let go. */
export function withNext(window: LogWindow, page: readonly Log[], isLast: boolean): LogWindow {
  const last = window.lines.at(-1)?.id ?? 0
  const lines = [...window.lines, ...page.filter(({ id }) => id > last)]
  return {
    lines: lines.slice(-MOST),
    hasOlder: window.hasOlder || lines.length > MOST,
    isAtEnd: isLast,
    unseen: isLast ? 0 : window.unseen,
  }
}

/** The window with a page before it; where that is too much, its newest lines are let go. */
export function withOlder(window: LogWindow, page: readonly Log[], hasOlder: boolean): LogWindow {
  const first = window.lines[0]?.id ?? Number.POSITIVE_INFINITY
  const lines = [...page.toReversed().filter(({ id }) => id < first), ...window.lines]
  return { ...window, lines: lines.slice(0, MOST), hasOlder, isAtEnd: window.isAtEnd && lines.length <= MOST }
}

/** The window with lines that were logged now; who follows its end loses the oldest, who reads loses none. */
export function withNewer(window: LogWindow, fresh: readonly Log[], follows: boolean): LogWindow {
  const last = window.lines.at(-1)?.id ?? 0
  const newer = window.isAtEnd ? fresh.filter(({ id }) => id > last) : fresh
  if (newer.length === 0) return window
  const unseen = follows ? 0 : window.unseen + newer.length
  if (!window.isAtEnd) return { ...window, unseen }
  const lines = [...window.lines, ...newer]
  if (lines.length <= MOST) return { ...window, lines, unseen }
  if (follows) return { lines: lines.slice(-MOST), hasOlder: true, isAtEnd: true, unseen }
  return { ...window, isAtEnd: false, unseen }
}

/** The window with lines of which some may lie before its last ones. */
export function inOrder(window: LogWindow, lines: readonly Log[], follows: boolean): LogWindow {
  const known = new Set(window.lines.map(({ id }) => id))
  const missed = lines.filter(({ id }) => !known.has(id))
  if (missed.length === 0 || !window.isAtEnd) return window
  const [first] = missed as [Log, ...Log[]]
  const kept = window.lines.filter(({ id }) => id < first.id)
  const rest = [...window.lines.filter(({ id }) => id > first.id), ...missed].toSorted((a, b) => a.id - b.id)
  return withNewer({ ...window, lines: kept }, rest, follows)
}

/** How far what was first has moved down, in lines; negative when lines before it are gone. */
export function shiftOf(before: readonly Log[], after: readonly Log[]): number {
  const [old, now] = [before[0], after[0]]
  if (old === undefined || now === undefined || old.id === now.id) return 0
  if (now.id < old.id) return Math.max(placeOf(after, old.id), 0)
  return -Math.max(placeOf(before, now.id), 0)
}

/** Where the line with an id is, by halving: ids only grow. */
function placeOf(lines: readonly Log[], id: number): number {
  let [low, high] = [0, lines.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = lines[middle]?.id ?? 0
    if (found === id) return middle
    if (found < id) low = middle + 1
    else high = middle - 1
  }
  return -1
}
