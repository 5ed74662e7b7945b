import { classes } from '../../../components/classes.ts'
import { marksOf, placeOf, segmentsOf, type Extent, type Mark } from './axis.ts'
import { durationsText } from './facts.ts'
import type { SpanNode } from './tree.ts'

/** What is waited for is told by its pattern as well as by its colour. */
export const LOOKS = {
  queued: 'bg-[repeating-linear-gradient(135deg,var(--line-strong)_0_1.5px,transparent_1.5px_5px)]',
  waited: 'border border-line-strong bg-warn-soft',
  handled: '',
}

const KINDS = { api: 'bg-api', event: 'bg-event', cron: 'bg-cron', state: 'bg-state', stream: 'bg-stream' }
/** A bar that is narrower, in percent, would be hidden by its marks. */
const ROOM = 3

const MARKS: Record<Mark['tone'], string> = { operation: 'bg-surface', warn: 'bg-warn ring-1 ring-surface', bad: 'bg-bad ring-1 ring-surface' }

interface BarProps {
  node: SpanNode
  extent: Extent
  now: number
}

/** The time of a span, what it went into, and marks for what it did. */
export function Bar({ node, extent, now }: BarProps) {
  const { span } = node
  const width = (from: number, seconds: number): number => placeOf(from + seconds, extent) - placeOf(from, extent)
  const isWide = width(span.offset, span.seconds ?? now - span.offset) >= ROOM
  const look = span.status === 'failed' ? 'bg-bad' : classes(KINDS[span.kind], span.status === 'running' && 'shimmer')
  return (
    <span className="relative block h-full" title={durationsText(span)}>
      {segmentsOf(span, now).map(({ kind, from, seconds }) => (
        <span
          key={kind}
          data-part={kind}
          className={classes('absolute rounded-[2px]', kind === 'handled' ? `inset-y-[7px] min-w-[2px] ${look}` : `inset-y-[9px] ${LOOKS[kind]}`)}
          style={{ left: `${placeOf(from, extent)}%`, width: `${width(from, seconds)}%` }}
        />
      ))}
      {(isWide ? marksOf(node, extent) : []).map(({ place, tone }) => (
        <span key={place} aria-hidden className={classes('absolute inset-y-[8px] w-[1.5px]', MARKS[tone])} style={{ left: `${place}%` }} />
      ))}
    </span>
  )
}

/** A moment: of an operation with how long it took. */
export function Moment({ offset, seconds, extent, tone }: { offset: number; seconds: number; extent: Extent; tone: string }) {
  const place = placeOf(offset, extent)
  return (
    <span className="relative block h-full">
      <span aria-hidden className="absolute inset-y-[12px] w-full bg-line" />
      <span
        className={classes('absolute inset-y-[9px] min-w-[5px] rounded-[2px]', tone)}
        style={{ left: `min(${place}%, calc(100% - 5px))`, width: `${placeOf(offset + seconds, extent) - place}%` }}
      />
    </span>
  )
}
