import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { memo, useEffect, useId, useMemo, useRef, type KeyboardEvent, type ReactNode } from 'react'

import { useShortcuts } from '../app/useShortcuts.ts'
import { classes } from './classes.ts'
import { nextOrder, type Order, type Ordering } from './order.ts'
import { useStable } from './useStable.ts'

export interface Column<Row> {
  title: string
  /** A track of a CSS grid: `120px`, `minmax(160px, 2fr)`. */
  width: string
  isNumber?: boolean
  /** By what it can be ordered; without one it cannot. */
  ordering?: Ordering<Row>
  cell: (row: Row) => ReactNode
}

interface TableProps<Row> {
  /** What it lists, for people who do not see it. */
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
  /** Key of the row that is selected; without `onSelect` rows cannot be. */
  selected?: string | null
  onSelect?: (key: string) => void
  /** Whether j and k move the selection wherever the focus is; at most one table of a screen says so. */
  hasKeys?: boolean
  /** How the rows are ordered, which is done by who gives them. */
  order?: Order | null
  onOrder?: (order: Order | null) => void
  /** Called when the last rows come into sight. */
  onEnd?: () => void
  /** What stands below the last row. */
  footer?: ReactNode
}

const ROW = 32
const AHEAD = 6
/** Rows before the last one in sight at which more are asked for, so that somebody quick need not wait. */
const MORE = 60

/** Rows of which only those in sight are in the page, with a header that stays. */
export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, keyOf, selected = null, onSelect, hasKeys = false, order = null, onOrder, onEnd, footer } = props
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: AHEAD,
    // The header stands before the rows, and over them where they have been scrolled.
    scrollMargin: ROW,
    scrollPaddingStart: ROW,
    getItemKey: (at) => keyOf(rows[at] as Row),
  })
  const items = virtual.getVirtualItems()
  const lastShown = items.at(-1)?.index ?? -1
  const isPassing = useIsPassing(virtual.isScrolling, items[0]?.index ?? -1, lastShown)
  useEffect(() => {
    if (lastShown >= 0 && lastShown >= rows.length - 1 - MORE) onEnd?.()
  }, [lastShown, rows.length, onEnd])
  const at = selected === null ? -1 : rows.findIndex((row) => keyOf(row) === selected)
  const select = (next: number): void => {
    const row = rows[Math.min(Math.max(next, 0), rows.length - 1)]
    if (row === undefined || onSelect === undefined) return
    onSelect(keyOf(row))
    virtual.scrollToIndex(rows.indexOf(row))
  }
  const selectAt = useStable(select)
  const tracks = useMemo(() => tracksOf(columns.map(({ width }) => width)), [columns])
  return (
    <div
      ref={box}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-activedescendant={at === -1 ? undefined : `${id}-${at}`}
      tabIndex={0}
      onKeyDown={(event) => moveBy(event, at, rows.length, select)}
      className="focus-inset relative h-full overflow-auto"
    >
      {hasKeys && onSelect !== undefined && <TableKeys next={() => select(at + 1)} previous={() => select(at - 1)} />}
      <div role="row" aria-rowindex={1} style={tracks} className={classes(CELLS, 'sticky top-0 z-10 border-b bg-surface text-sm text-muted')}>
        {columns.map((column) => (
          <ColumnTitle key={column.title} column={column} order={order} onOrder={onOrder} />
        ))}
      </div>
      <div role="presentation" className="relative" style={{ height: virtual.getTotalSize(), minWidth: tracks.minWidth }}>
        {items.map(({ index, start, key }) => (
          <TableRow
            key={key}
            id={`${id}-${index}`}
            index={index}
            start={start - ROW}
            tracks={tracks}
            columns={columns}
            row={rows[index] as Row}
            isPassing={isPassing}
            isSelected={index === at}
            onSelect={onSelect && selectAt}
          />
        ))}
      </div>
      {footer}
    </div>
  )
}

/**
 * Whether so much is scrolled at once that no row is in sight which was before, as with the scroll bar.
 *
 * Nobody can read rows that go by like this, and to make them all costs several frames.
 */
function useIsPassing(isScrolling: boolean, first: number, last: number): boolean {
  const before = useRef({ first, last })
  useEffect(() => {
    before.current = { first, last }
  }, [first, last])
  return isScrolling && (first > before.current.last || last < before.current.first)
}

interface ColumnTitleProps<Row> {
  column: Column<Row>
  order: Order | null
  onOrder: ((order: Order | null) => void) | undefined
}

function ColumnTitle<Row>({ column: { title, isNumber, ordering }, order, onOrder }: ColumnTitleProps<Row>) {
  const shape = classes('truncate px-2 font-medium', isNumber && 'text-right')
  if (ordering === undefined || onOrder === undefined) return <div role="columnheader" className={shape}>{title}</div>
  const way = order?.by === ordering.name ? (order.isDown ? 'descending' : 'ascending') : 'none'
  const Arrow = way === 'descending' ? ArrowDown : ArrowUp
  const arrow = <Arrow size={11} aria-hidden className={classes('inline align-[-1px]', way === 'none' && 'invisible')} />
  return (
    <div role="columnheader" aria-sort={way} className={shape}>
      <button type="button" className="focus-inset rounded-sm hover:text-ink" onClick={() => onOrder(nextOrder(order, ordering))}>
        {isNumber && arrow} {title} {!isNumber && arrow}
      </button>
    </div>
  )
}

const CELLS = 'grid h-8 items-center px-2'
const PADDING = 16

interface Tracks {
  gridTemplateColumns: string
  minWidth: number
}

/** The tracks of all rows, which scroll sideways where there is less room than the least of each. */
function tracksOf(widths: string[]): Tracks {
  const least = widths.map((width) => Number(/(\d+)px/.exec(width)?.[1] ?? 0))
  return { gridTemplateColumns: widths.join(' '), minWidth: least.reduce((sum, each) => sum + each, PADDING) }
}

interface TableRowProps<Row> {
  id: string
  index: number
  start: number
  tracks: Tracks
  columns: readonly Column<Row>[]
  row: Row
  /** Whether its cells may wait until there is time for them. */
  isPassing: boolean
  isSelected: boolean
  onSelect: ((index: number) => void) | undefined
}

/** A row; it is made anew only when something of it has changed, since many come by as one scrolls. */
const TableRow = memo(function TableRow<Row>({ id, index, start, tracks, columns, row, isPassing, isSelected, onSelect }: TableRowProps<Row>) {
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={onSelect && isSelected}
      onClick={onSelect && (() => onSelect(index))}
      style={{ ...tracks, transform: `translateY(${start}px)` }}
      className={classes(
        CELLS,
        'absolute inset-x-0 top-0 border-b',
        onSelect && 'cursor-pointer',
        isSelected ? 'bg-selected' : 'hover:bg-hover',
      )}
    >
      {isPassing ? (
        <div role="gridcell" aria-busy className="mx-2 h-2 w-1/3 rounded-sm bg-sunken" />
      ) : (
        columns.map(({ title, isNumber, cell }) => (
          <div key={title} role="gridcell" className={classes('flex min-w-0 items-center px-2', isNumber && 'tabular justify-end')}>
            <div className="min-w-0 truncate">{cell(row)}</div>
          </div>
        ))
      )}
    </div>
  )
}) as <Row>(props: TableRowProps<Row>) => ReactNode

function TableKeys({ next, previous }: { next: () => void; previous: () => void }) {
  useShortcuts([
    { keys: 'j', title: 'Next row', group: 'Lists', run: next },
    { keys: 'k', title: 'Row before', group: 'Lists', run: previous },
  ])
  return null
}

const PAGE = 10

function moveBy(event: KeyboardEvent, at: number, count: number, select: (at: number) => void): void {
  if (event.target !== event.currentTarget) return
  const places: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + PAGE,
    PageUp: at - PAGE,
    Home: 0,
    End: count - 1,
  }
  const next = places[event.key]
  if (next === undefined) return
  event.preventDefault()
  select(next)
}
