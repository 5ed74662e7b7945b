import type { Span } from '../../../api/types.ts'
import { formatDuration } from '../../../format/duration.ts'
import type { SpanNode, TraceTree } from './tree.ts'

/** The times that are shown, in seconds since the trace began. */
export interface Extent {
  start: number
  end: number
}

/** From the first time that something waited to the last that something happened; with `now` as long as it runs. */
export function extentOf({ nodes, logs }: TraceTree, now: number | null): Extent {
  let [start, end] = [0, now ?? 0]
  for (const { span, logs: inside } of nodes.values()) {
    start = Math.min(start, span.offset - span.queued)
    end = Math.max(end, span.offset + (span.seconds ?? 0), inside.at(-1)?.offset ?? 0, span.operations.at(-1)?.offset ?? 0)
  }
  for (const { offset } of logs) end = Math.max(end, offset)
  return { start, end: Math.max(end, start + 0.000_1) }
}

/** Where a time stands, in percent. */
export function placeOf(time: number, { start, end }: Extent): number {
  return Math.min(Math.max(((time - start) / (end - start)) * 100, 0), 100)
}

/** Round times at even distances, at most `most` of them. */
export function ticksOf({ start, end }: Extent, most: number): number[] {
  const rough = (end - start) / most
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power
  const first = Math.ceil(start / step)
  const count = Math.floor(end / step) - first + 1
  return Array.from({ length: Math.max(count, 0) }, (_, at) => (first + at) * step)
}

/** A tick as it is written: ticks less than a tenth of a millisecond apart in microseconds, so that no two read alike. */
export function tickText(tick: number, distance: number): string {
  if (Math.abs(tick) < distance / 2) return '0'
  const seconds = Math.abs(tick)
  return `${tick < 0 ? '−' : ''}${distance < 0.000_099 ? `${Math.round(seconds * 1e6)} µs` : formatDuration(seconds)}`
}

export interface Segment {
  kind: 'queued' | 'waited' | 'handled'
  from: number
  seconds: number
}

/** What a span's time went into: in its queue, waiting for a runner, in its handler; `now` ends what still runs. */
export function segmentsOf(span: Span, now: number): Segment[] {
  const ended = span.offset + (span.seconds ?? Math.max(now - span.offset, 0))
  const started = span.waited === null ? ended : Math.min(span.offset + span.waited, ended)
  const all: Segment[] = [
    { kind: 'queued', from: span.offset - span.queued, seconds: span.queued },
    { kind: 'waited', from: span.offset, seconds: started - span.offset },
    { kind: 'handled', from: started, seconds: ended - started },
  ]
  return all.filter(({ kind, seconds }) => seconds > 0 || (kind === 'handled' && span.waited !== null))
}

export interface Mark {
  place: number
  tone: 'operation' | 'warn' | 'bad'
}

/** Marks that fall onto one another are one; so many a bar can have at most. */
const FINENESS = 2

/** Where operations were asked for, and where lines warn, in percent; what failed is told before the rest. */
export function marksOf({ span, logs }: SpanNode, extent: Extent): Mark[] {
  const found = new Map<number, Mark['tone']>()
  const note = (offset: number, tone: Mark['tone']): void => {
    const place = Math.round(placeOf(offset, extent) * FINENESS) / FINENESS
    if (found.get(place) !== 'bad') found.set(place, tone)
  }
  for (const { offset, error } of span.operations) note(offset, error === null ? 'operation' : 'bad')
  for (const { offset, log } of logs) {
    if (log.level === 'warn') note(offset, 'warn')
    if (log.level === 'error') note(offset, 'bad')
  }
  return [...found].map(([place, tone]) => ({ place, tone }))
}
