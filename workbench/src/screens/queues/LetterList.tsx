import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'

import type { DeadLetter } from '../../api/types.ts'
import { linesOf, type Cause, type Line } from './causes.ts'
import { CauseLine, LetterLine } from './lines.tsx'
import type { Ticks } from './useTicks.ts'

interface LetterListProps {
  causes: readonly Cause[]
  ticks: Ticks
  open: (id: number) => void
  redrive: (letters: readonly DeadLetter[]) => void
}

const CAUSE = 40
const LETTER = 32
const AHEAD = 10

/** Causes and below them their letters, of which only those in sight are in the page. */
export function LetterList({ causes, ticks, open, redrive }: LetterListProps) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const [at, setAt] = useState(0)
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const lines = linesOf(causes, closed)
  const cursor = Math.min(at, lines.length - 1)
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => (lines[index]?.letter === null ? CAUSE : LETTER),
    overscan: AHEAD,
    getItemKey: (index) => nameOf(lines[index]),
  })
  // Heights are known by what a line is, which changes when a cause is closed.
  useEffect(() => virtual.measure(), [virtual, closed, causes])
  const setOpen = (cause: Cause, isOpen: boolean): void => {
    const others = [...closed].filter((key) => key !== cause.key)
    setClosed(new Set(isOpen ? others : [...others, cause.key]))
  }
  const go = (next: number): void => {
    const place = Math.min(Math.max(next, 0), lines.length - 1)
    setAt(place)
    virtual.scrollToIndex(place)
  }
  const press = (event: KeyboardEvent): void => {
    const line = lines[cursor]
    if (event.target !== event.currentTarget || line === undefined) return
    const { letter, cause } = line
    const deeds: Record<string, () => void> = {
      ArrowDown: () => go(cursor + 1),
      j: () => go(cursor + 1),
      ArrowUp: () => go(cursor - 1),
      k: () => go(cursor - 1),
      Home: () => go(0),
      End: () => go(lines.length - 1),
      ArrowRight: () => setOpen(cause, true),
      ArrowLeft: () => (setOpen(cause, false), go(lines.findIndex((each) => each.cause === cause))),
      ' ': () => ticks.toggle(letter ? [letter] : cause.letters),
      Enter: () => (letter ? open(letter.id) : setOpen(cause, closed.has(cause.key))),
    }
    if (event.ctrlKey || event.metaKey || event.altKey || deeds[event.key] === undefined) return
    event.preventDefault()
    deeds[event.key]?.()
  }
  return (
    <div
      ref={box}
      id="letter-list"
      role="treegrid"
      aria-label="Dead letters by cause"
      aria-rowcount={lines.length}
      aria-activedescendant={`${id}-${cursor}`}
      tabIndex={0}
      onKeyDown={press}
      className="group/list focus-inset relative min-h-0 flex-1 overflow-auto"
    >
      <div role="presentation" className="relative min-w-[460px]" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const line = lines[index] as Line
          const place = { id: `${id}-${index}`, rowIndex: index + 1, top: start, isCursor: index === cursor }
          return line.letter === null ? (
            <CauseLine
              key={key}
              place={place}
              cause={line.cause}
              ticks={ticks}
              isOpen={!closed.has(line.cause.key)}
              toggle={() => (setAt(index), setOpen(line.cause, closed.has(line.cause.key)))}
              redrive={() => redrive(line.cause.letters)}
            />
          ) : (
            <LetterLine key={key} place={place} letter={line.letter} ticks={ticks} open={open} redrive={() => redrive([line.letter])} />
          )
        })}
      </div>
    </div>
  )
}

function nameOf(line: Line | undefined): string {
  return line === undefined ? '' : line.letter === null ? line.cause.key : String(line.letter.id)
}
