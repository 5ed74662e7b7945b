import { ChevronDown, ChevronRight } from 'lucide-react'
import { memo, type CSSProperties } from 'react'

import type { Span } from '../../../api/types.ts'
import { Badge, LanguageMark } from '../../../components/Badge.tsx'
import { classes } from '../../../components/classes.ts'
import { preview } from '../../../components/json/tree.ts'
import { formatDuration } from '../../../format/duration.ts'
import { LevelMark } from '../../logs/LevelMark.tsx'
import type { Extent } from './axis.ts'
import { Bar, Moment } from './Bar.tsx'
import { objectOf } from './facts.ts'
import type { Row } from './tree.ts'
import { languageOf } from '../../../format/language.ts'

/** Names, and times, of all rows and of the axis. */
export const TRACKS: CSSProperties = { gridTemplateColumns: 'minmax(0, 46%) minmax(0, 1fr)' }

const INDENT = 14
/** Deeper ones stand below each other, so that their names stay in sight. */
const DEEPEST = 10

interface WaterfallRowProps {
  id: string
  row: Row
  start: number
  extent: Extent
  now: number
  isSelected: boolean
  onSelect: (key: string) => void
  onToggle: (spanId: string, to: boolean) => void
}

/** A row; it is made anew only when something of it has changed, since many come by as one scrolls. */
export const WaterfallRow = memo(function WaterfallRow({ id, row, start, extent, now, isSelected, onSelect, onToggle }: WaterfallRowProps) {
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={isSelected}
      aria-expanded={row.type === 'span' && row.hasInside ? row.isOpen : undefined}
      data-row={row.type}
      onClick={() => onSelect(row.key)}
      style={{ ...TRACKS, transform: `translateY(${start}px)` }}
      className={classes('absolute inset-x-0 top-0 grid h-[26px] cursor-pointer items-center pr-3', isSelected ? 'bg-selected' : 'hover:bg-hover')}
    >
      <span className="@container flex min-w-0 items-center gap-1.5 pr-2" style={{ paddingLeft: Math.min(row.depth, DEEPEST) * INDENT + 4 }}>
        <Toggle row={row} onToggle={onToggle} />
        <Name row={row} />
      </span>
      <Times row={row} extent={extent} now={now} />
    </div>
  )
})

function Toggle({ row, onToggle }: { row: Row; onToggle: (spanId: string, to: boolean) => void }) {
  if (row.type !== 'span' || !row.hasInside) return <span className="w-3.5 shrink-0" />
  const Arrow = row.isOpen ? ChevronDown : ChevronRight
  return (
    <span
      data-toggle
      aria-hidden
      className="flex size-3.5 shrink-0 items-center justify-center rounded-sm text-faint hover:text-ink"
      onClick={(event) => {
        event.stopPropagation()
        onToggle(row.key, !row.isOpen)
      }}
    >
      <Arrow size={12} />
    </span>
  )
}

function Name({ row }: { row: Row }) {
  if (row.type === 'span') return <SpanName span={row.node.span} />
  if (row.type === 'log') {
    const { level, message } = row.placed.log
    return (
      <span className="flex min-w-0 items-center gap-1.5 text-sm text-muted" title={message}>
        <LevelMark level={level} />
        <span className="truncate">{message}</span>
      </span>
    )
  }
  const { operation } = row
  return (
    <span className="flex min-w-0 items-center gap-1.5 font-mono text-sm" title={operation.error ?? preview(operation.data, 400)}>
      <span className={classes('shrink-0', operation.error === null ? 'text-code-word' : 'text-bad')}>{operation.name}</span>
      <span className="truncate text-muted">{objectOf(operation)}</span>
    </span>
  )
}

/** Where there is little room, the number says it alone. */
function Attempt({ number }: { number: number }) {
  return (
    <Badge tone="warn" title={`attempt ${number}`}>
      <span className="@max-[280px]:sr-only">attempt </span>
      {number}
    </Badge>
  )
}

function SpanName({ span }: { span: Span }) {
  return (
    <>
      <LanguageMark language={languageOf(span.file, span.language)} />
      <span className="min-w-8 truncate font-medium" title={`${span.step}: ${span.source}`}>
        {span.step}
      </span>
      {span.attempt > 1 && <Attempt number={span.attempt} />}
      {span.then === 'dead' && <Badge tone="bad">dead</Badge>}
      <span className={classes('tabular ml-auto shrink-0 text-xs', span.status === 'failed' ? 'text-bad' : 'text-muted')}>
        {span.seconds === null ? 'running' : formatDuration(span.seconds)}
      </span>
    </>
  )
}

function Times({ row, extent, now }: { row: Row; extent: Extent; now: number }) {
  if (row.type === 'span') return <Bar node={row.node} extent={extent} now={now} />
  if (row.type === 'operation') {
    const { offset, seconds, error } = row.operation
    return <Moment offset={offset} seconds={seconds} extent={extent} tone={error === null ? 'bg-accent' : 'bg-bad'} />
  }
  const { level } = row.placed.log
  const tone = level === 'error' ? 'bg-bad' : level === 'warn' ? 'bg-warn' : 'bg-faint'
  return <Moment offset={row.placed.offset} seconds={0} extent={extent} tone={tone} />
}
