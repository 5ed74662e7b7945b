import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from 'react'

import { Button } from './Button.tsx'

interface VirtualListProps<Row> {
  label: string
  rows: readonly Row[]
  keyOf: (row: Row) => string | number
  rowHeight: number
  render: (row: Row) => ReactNode
  /** Called when the first rows come into sight, to read older ones, which are put before them. */
  onStart?: () => void
}

const NEAR = 24

/** A list that grows at its end and follows it, until a person scrolls up; rows are as high as their content. */
export function VirtualList<Row>({ label, rows, keyOf, rowHeight, render, onStart }: VirtualListProps<Row>) {
  const box = useRef<HTMLDivElement>(null)
  const [follows, setFollows] = useState(true)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 20,
    getItemKey: (at) => keyOf(rows[at] as Row),
  })
  const items = virtual.getVirtualItems()
  const first = items[0]?.index
  useKeptPlace(box, rows, keyOf, virtual.getTotalSize())
  useEffect(() => {
    if (first === 0 && rows.length > 0) onStart?.()
  }, [first, rows.length, onStart])
  const scrolled = (): void => {
    const list = box.current
    if (list !== null) setFollows(list.scrollHeight - list.scrollTop - list.clientHeight < NEAR)
  }
  return (
    <div className="relative h-full min-h-0">
      <div ref={box} role="log" aria-label={label} aria-live="off" tabIndex={0} onScroll={scrolled} className="focus-inset h-full overflow-auto [overflow-anchor:none]">
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start, key }) => (
            <div
              key={key}
              data-index={index}
              ref={virtual.measureElement}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${start}px)` }}
            >
              {render(rows[index] as Row)}
            </div>
          ))}
        </div>
      </div>
      {!follows && (
        <Button icon={ArrowDown} className="absolute right-4 bottom-3 shadow-lg" onClick={() => box.current?.scrollTo({ top: box.current.scrollHeight })}>
          Follow
        </Button>
      )}
    </div>
  )
}

/**
 * Who was at the end stays there; else what is in sight stays where it is when older rows come before it.
 *
 * It goes by where the list is, not by what the last scroll event said: rows are measured before that is heard.
 */
function useKeptPlace<Row>(
  box: RefObject<HTMLDivElement | null>,
  rows: readonly Row[],
  keyOf: (row: Row) => string | number,
  height: number,
): void {
  const before = useRef({ first: undefined as string | number | undefined, height: 0 })
  useLayoutEffect(() => {
    const list = box.current
    if (list === null) return
    const first = rows[0] === undefined ? undefined : keyOf(rows[0])
    const last = before.current
    const hasOlder = last.first !== undefined && first !== last.first && rows.some((row) => keyOf(row) === last.first)
    before.current = { first, height }
    if (last.height - list.scrollTop - list.clientHeight < NEAR) list.scrollTop = height
    else if (hasOlder) list.scrollTop += height - last.height
  }, [box, rows, keyOf, height])
}
