import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { useEffect, useEffectEvent, useLayoutEffect, useRef, useState, type RefObject } from 'react'

import type { Log } from '../../api/types.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { Button } from '../../components/Button.tsx'
import { useStable } from '../../components/useStable.ts'
import { counted } from '../../format/count.ts'
import { formatTime } from '../../format/time.ts'
import { LogLine, ROW } from './LogLine.tsx'
import { shiftOf, type LogWindow } from './window.ts'

/** So near to the end, one is at it. */
const NEAR = 8
/** Lines from the first one at which older ones are asked for. */
const AHEAD = 60

interface LogListProps {
  held: LogWindow
  /** Whether the newest lines are shown first, else the oldest of those that are held. */
  startsAtEnd: boolean
  /** Id of the line that is expanded. */
  selected: number | null
  onSelect: (id: number | null) => void
  onStart: () => void
  /** Reads on behind the last line, where there are more. */
  onEnd: () => void
  onFollow: (follows: boolean) => void
  /** Reads the newest lines, where those that are held do not go on to them. */
  toEnd: () => void
}

/**
 * The lines, of which those in sight are in the page. It follows the end until one scrolls up, unless it is opened at a line
 * that a link names.
 */
export function LogList({ held, startsAtEnd, selected, onSelect, onStart, onEnd, onFollow, toEnd }: LogListProps) {
  const { lines, isAtEnd, unseen } = held
  const box = useRef<HTMLDivElement>(null)
  const [linked] = useState(() => lines.findIndex(({ id }) => id === selected))
  const [follows, setFollows] = useState(startsAtEnd && linked === -1)
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 6,
    getItemKey: (at) => (lines[at] as Log).id,
  })
  useFolded(selected, (id) => {
    const at = lines.findIndex((line) => line.id === id)
    if (at !== -1) virtual.resizeItem(at, ROW)
  })
  const select = useStable(onSelect)
  const items = virtual.getVirtualItems()
  const height = virtual.getTotalSize()
  const firstShown = items[0]?.index
  useKeptPlace(box, lines, height, follows)
  const showLinked = useEffectEvent(() => {
    if (linked === -1) return
    onFollow(false)
    virtual.scrollToIndex(linked, { align: 'center' })
  })
  useLayoutEffect(() => showLinked(), [])
  useEffect(() => {
    const list = box.current
    if (list === null) return
    // Where the list is by now: what has come before the first line has moved it, and the rows do not know yet.
    if (list.scrollTop < AHEAD * ROW && held.hasOlder) onStart()
    else if (!isAtEnd && list.scrollHeight - list.scrollTop - list.clientHeight < AHEAD * ROW) onEnd()
  }, [firstShown, lines, held.hasOlder, isAtEnd, onStart, onEnd])
  const follow = (does: boolean): void => {
    if (does === follows) return
    setFollows(does)
    onFollow(does)
  }
  const scrolled = (): void => {
    const list = box.current
    if (list !== null) follow(isAtEnd && list.scrollHeight - list.scrollTop - list.clientHeight < NEAR)
  }
  /** Who turns the wheel back is not held at the end until the list has moved far enough. */
  const turned = ({ deltaY }: { deltaY: number }): void => {
    if (deltaY < 0 && (box.current?.scrollTop ?? 0) > 0) follow(false)
  }
  const toLast = (): void => {
    follow(true)
    if (!isAtEnd) toEnd()
    else box.current?.scrollTo({ top: box.current.scrollHeight })
  }
  useLineKeys({ lines, selected, onSelect, toLast, show: (at) => virtual.scrollToIndex(at, { align: 'auto' }) })
  return (
    <div className="relative flex h-full min-h-0 flex-col">
      <div
        ref={box}
        role="log"
        aria-label="Log lines"
        aria-live="off"
        tabIndex={0}
        onScroll={scrolled}
        onWheel={turned}
        className="focus-inset min-h-0 flex-1 overflow-x-hidden overflow-y-auto [overflow-anchor:none]"
      >
        <div className="relative" style={{ height }}>
          {items.map(({ index, start, key }) => {
            const log = lines[index] as Log
            return (
              <div key={key} data-index={index} ref={log.id === selected ? virtual.measureElement : null} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${start}px)` }}>
                <LogLine log={log} isOpen={log.id === selected} onSelect={select} />
              </div>
            )
          })}
        </div>
      </div>
      {!follows && (
        <Button icon={ArrowDown} look={unseen > 0 ? 'primary' : 'plain'} className="absolute right-4 bottom-9 shadow-lg" onClick={toLast}>
          {unseen > 0 ? counted(unseen, 'new line') : isAtEnd ? 'Follow' : 'To the newest lines'}
        </Button>
      )}
      <Held window={held} />
    </div>
  )
}

/** Which part of the log is held, and how one gets to the rest of it. */
function Held({ window: { lines, hasOlder, isAtEnd } }: { window: LogWindow }) {
  const [first, last] = [lines[0] as Log, lines.at(-1) as Log]
  return (
    <p className="tabular flex h-6 shrink-0 items-center gap-x-3 overflow-hidden border-t px-3 text-sm whitespace-nowrap text-muted">
      <span>
        {counted(lines.length, 'line')}, {formatTime(first.time)} to {formatTime(last.time)}
      </span>
      <span>{hasOlder ? 'Older ones come as you scroll up' : 'This is all that is kept before'}</span>
      {!isAtEnd && <span>Newer ones come as you scroll down</span>}
    </p>
  )
}

/** Hears of a line that is not expanded any more. Only an expanded one is measured, for hundreds come by as one scrolls. */
function useFolded(selected: number | null, fold: (id: number) => void): void {
  const folded = useEffectEvent(fold)
  const before = useRef(selected)
  useLayoutEffect(() => {
    if (before.current !== null && before.current !== selected) folded(before.current)
    before.current = selected
  }, [selected])
}

/** Who follows stays at the end; for others, what is in sight stays where it is when lines come or go before it. */
function useKeptPlace(box: RefObject<HTMLDivElement | null>, lines: readonly Log[], height: number, follows: boolean): void {
  const before = useRef(lines)
  useLayoutEffect(() => {
    const list = box.current
    const shift = shiftOf(before.current, lines)
    before.current = lines
    if (list === null) return
    if (follows) list.scrollTop = list.scrollHeight
    else if (shift !== 0) list.scrollTop += shift * ROW
  }, [box, lines, height, follows])
}

interface LineKeys {
  lines: readonly Log[]
  selected: number | null
  onSelect: (id: number | null) => void
  toLast: () => void
  show: (at: number) => void
}

function useLineKeys({ lines, selected, onSelect, toLast, show }: LineKeys): void {
  const at = selected === null ? -1 : lines.findIndex(({ id }) => id === selected)
  const go = (to: number): void => {
    const line = lines[Math.min(Math.max(to, 0), lines.length - 1)]
    if (line === undefined) return
    onSelect(line.id)
    show(lines.indexOf(line))
  }
  useShortcuts([
    { keys: 'j', title: 'Next line', group: 'Lists', run: () => go(at === -1 ? lines.length - 1 : at + 1) },
    { keys: 'k', title: 'Line before', group: 'Lists', run: () => go(at === -1 ? lines.length - 1 : at - 1) },
    { keys: 'esc', title: 'Fold the line', group: 'Logs', run: () => onSelect(null) },
    { keys: 'G', title: 'Follow the end', group: 'Logs', run: toLast },
  ])
}
