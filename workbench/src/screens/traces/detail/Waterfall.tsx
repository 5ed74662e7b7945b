import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { ChevronsDownUp, ChevronsUpDown } from 'lucide-react'
import { useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'

import { useShortcuts } from '../../../app/useShortcuts.ts'
import { IconButton } from '../../../components/Button.tsx'
import { useStable } from '../../../components/useStable.ts'
import { placeOf, ticksOf, tickText, type Extent } from './axis.ts'
import { Legend } from './Legend.tsx'
import { rowsOf, type Row, type TraceTree } from './tree.ts'
import type { Looked } from './useMark.ts'
import { TRACKS, WaterfallRow } from './WaterfallRow.tsx'

const ROW = 26
/** Traces up to this size show everything that happened at once. */
const SMALL = 60
const TICKS = 5

interface WaterfallProps {
  tree: TraceTree
  extent: Extent
  /** Where what still runs has got to. */
  now: number
  looked: Looked
  look: (next: Partial<Looked>) => void
}

/** Spans one below the other along one time, and in those that are open what happened in them. */
export function Waterfall({ tree, extent, now, looked, look }: WaterfallProps) {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const { isOpen, toggle, toggleAll, areAllOpen } = useOpened(tree.size <= SMALL)
  const rows = useMemo(() => rowsOf(tree, isOpen), [tree, isOpen])
  const at = useMemo(() => indexOf(rows, looked), [rows, looked])
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 10,
    getItemKey: (index) => (rows[index] as Row).key,
  })
  // Who comes by a link finds what it names in sight.
  useLayoutEffect(() => {
    if (at > 0) virtual.scrollToIndex(at, { align: 'auto' })
  }, [])
  const select = (index: number): void => {
    const row = rows[Math.min(Math.max(index, 0), rows.length - 1)]
    if (row === undefined) return
    look(lookedBy(row))
    virtual.scrollToIndex(rows.indexOf(row), { align: 'auto' })
  }
  const selectKey = useStable((key: string) => select(rows.findIndex((row) => row.key === key)))
  const toggleOne = useStable(toggle)
  const fold = (to: boolean): void => {
    const row = rows[at]
    if (row?.type === 'span' && row.hasInside && row.isOpen !== to) toggle(row.key, to)
  }
  useShortcuts([
    { keys: 'J', title: 'Next row of the trace', group: 'Traces', run: () => select(at + 1) },
    { keys: 'K', title: 'Row of the trace before', group: 'Traces', run: () => select(at - 1) },
    { keys: 'x', title: 'Show or hide what happened in all spans', group: 'Traces', run: toggleAll },
  ])
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Axis extent={extent} areAllOpen={areAllOpen} toggleAll={toggleAll} />
      <div
        ref={box}
        role="tree"
        aria-label="Spans of the trace"
        aria-activedescendant={at === -1 ? undefined : `${id}-${at}`}
        tabIndex={0}
        onKeyDown={(event) => pressed(event, { next: () => select(at + 1), before: () => select(at - 1), fold })}
        className="focus-inset min-h-0 flex-1 overflow-x-hidden overflow-y-auto [scrollbar-gutter:stable]"
      >
        <Rows id={id} rows={rows} virtual={virtual} at={at} extent={extent} now={now} onSelect={selectKey} onToggle={toggleOne} />
      </div>
    </div>
  )
}

interface RowsProps {
  id: string
  rows: readonly Row[]
  virtual: Virtualizer<HTMLDivElement, Element>
  at: number
  extent: Extent
  now: number
  onSelect: (key: string) => void
  onToggle: (spanId: string, to: boolean) => void
}

/** The rows in sight. */
function Rows({ id, rows, virtual, at, ...rest }: RowsProps) {
  return (
    <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map(({ index, start, key }) => (
        <WaterfallRow key={key} id={`${id}-${index}`} row={rows[index] as Row} start={start} isSelected={index === at} {...rest} />
      ))}
    </div>
  )
}

/** Which spans show what happened in them: all or none, but for those that a person has opened or closed. */
function useOpened(areAll: boolean) {
  const [state, setState] = useState({ areAllOpen: areAll, others: new Set<string>() as ReadonlySet<string> })
  const isOpen = useMemo(() => (spanId: string) => state.areAllOpen !== state.others.has(spanId), [state])
  const toggle = (spanId: string, to: boolean): void => {
    const others = new Set(state.others)
    if (to === state.areAllOpen) others.delete(spanId)
    else others.add(spanId)
    setState({ ...state, others })
  }
  const toggleAll = (): void => setState({ areAllOpen: !state.areAllOpen, others: new Set() })
  return { isOpen, toggle, toggleAll, areAllOpen: state.areAllOpen }
}

function indexOf(rows: readonly Row[], { span, mark }: Looked): number {
  const marked = mark === '' ? -1 : rows.findIndex(({ key }) => key === `${span} ${mark}`)
  return marked === -1 ? rows.findIndex(({ key }) => key === span) : marked
}

function lookedBy(row: Row): Partial<Looked> {
  const [span = '', mark = ''] = row.key.split(' ')
  return { span, mark, tab: '' }
}

function pressed(event: KeyboardEvent, { next, before, fold }: { next: () => void; before: () => void; fold: (to: boolean) => void }): void {
  const keys: Record<string, () => void> = { ArrowDown: next, ArrowUp: before, ArrowRight: () => fold(true), ArrowLeft: () => fold(false) }
  const run = event.target === event.currentTarget ? keys[event.key] : undefined
  if (run === undefined) return
  event.preventDefault()
  run()
}

function Axis({ extent, areAllOpen, toggleAll }: { extent: Extent; areAllOpen: boolean; toggleAll: () => void }) {
  const ticks = ticksOf(extent, TICKS)
  const distance = (ticks[1] ?? extent.end) - (ticks[0] ?? 0)
  return (
    <div className="grid h-7 shrink-0 items-center overflow-y-hidden border-b pr-3 text-xs text-muted [scrollbar-gutter:stable]" style={TRACKS}>
      <span className="flex items-center gap-1 pl-1">
        <IconButton
          icon={areAllOpen ? ChevronsDownUp : ChevronsUpDown}
          label={areAllOpen ? 'Hide what happened in the spans' : 'Show what happened in the spans'}
          className="size-6"
          onClick={toggleAll}
        />
        <Legend />
      </span>
      <span className="relative h-full" aria-hidden>
        {ticks.map((tick) => {
          const place = placeOf(tick, extent)
          return (
            <span key={tick} className="tabular absolute inset-y-0 border-l pl-1 leading-7 whitespace-nowrap" style={{ left: `${place}%` }}>
              {place < 90 && tickText(tick, distance)}
            </span>
          )
        })}
      </span>
    </div>
  )
}
