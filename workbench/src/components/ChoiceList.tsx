import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useId, useRef, type KeyboardEvent, type ReactNode } from 'react'

import { useShortcuts } from '../app/useShortcuts.ts'
import { classes } from './classes.ts'

/** A line of a list: a choice, or the heading of those below it. */
export interface Choice {
  key: string
  isHeading?: boolean
}

interface ChoiceListProps<Row extends Choice> {
  /** What is chosen from, for people who do not see it. */
  label: string
  rows: readonly Row[]
  render: (row: Row) => ReactNode
  selected: string | null
  onSelect: (row: Row) => void
  /** Whether j and k move in it wherever the focus is; at most one list or table of a screen says so. */
  hasKeys?: boolean
  /** Called when the last rows come into sight. */
  onEnd?: (() => void) | undefined
  /** Enter: goes on in what the choice has opened. */
  onEnter?: () => void
}

const ROW = 28
const AHEAD = 10
const PADDING = 4

/** One column of choices, of which only those in sight are in the page. */
export function ChoiceList<Row extends Choice>(props: ChoiceListProps<Row>) {
  const { label, rows, render, selected, onSelect, hasKeys = false, onEnd, onEnter } = props
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: AHEAD,
    paddingStart: PADDING,
    paddingEnd: PADDING,
    getItemKey: (at) => (rows[at] as Row).key,
  })
  const items = virtual.getVirtualItems()
  const lastShown = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (lastShown >= 0 && lastShown >= rows.length - 1) onEnd?.()
  }, [lastShown, rows.length, onEnd])
  const at = selected === null ? -1 : rows.findIndex(({ key, isHeading }) => key === selected && !isHeading)
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at)
  }, [at, virtual])
  const move = (by: 1 | -1): void => {
    const next = nextChoice(rows, at, by)
    if (next === undefined) return
    onSelect(next)
    box.current?.focus({ preventScroll: true })
  }
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key] as 1 | -1 | undefined
    if (by === undefined && (event.key !== 'Enter' || onEnter === undefined)) return
    event.preventDefault()
    if (by === undefined) onEnter?.()
    else move(by)
  }
  return (
    <div
      ref={box}
      role="listbox"
      aria-label={label}
      aria-activedescendant={at === -1 ? undefined : `${id}-${at}`}
      tabIndex={0}
      onKeyDown={press}
      className="focus-inset h-full overflow-auto"
    >
      {hasKeys && <ListKeys next={() => move(1)} previous={() => move(-1)} />}
      <div role="presentation" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start, key }) => {
          const row = rows[index] as Row
          const isSelected = index === at
          return (
            <div
              key={key}
              id={`${id}-${index}`}
              role={row.isHeading ? 'presentation' : 'option'}
              aria-selected={row.isHeading ? undefined : isSelected}
              onClick={row.isHeading ? undefined : () => onSelect(row)}
              style={{ height: ROW, transform: `translateY(${start}px)` }}
              className={classes(
                'absolute inset-x-0 top-0 flex items-center gap-2 px-3',
                row.isHeading ? 'text-sm font-medium text-faint' : isSelected ? 'bg-selected' : 'hover:bg-hover',
              )}
            >
              {render(row)}
            </div>
          )
        })}
      </div>
    </div>
  )
}

/** The choice after or before a place, headings left out; undefined at the ends. */
export function nextChoice<Row extends Choice>(rows: readonly Row[], at: number, by: 1 | -1): Row | undefined {
  for (let next = at + by; next >= 0 && next < rows.length; next += by) {
    if (rows[next]?.isHeading !== true) return rows[next]
  }
  return undefined
}

function ListKeys({ next, previous }: { next: () => void; previous: () => void }) {
  useShortcuts([
    { keys: 'j', title: 'Next row', group: 'Lists', run: next },
    { keys: 'k', title: 'Row before', group: 'Lists', run: previous },
  ])
  return null
}
