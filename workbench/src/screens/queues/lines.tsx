import { ChevronDown, ChevronRight, RotateCw } from 'lucide-react'

import type { DeadLetter } from '../../api/types.ts'
import { Button, IconButton } from '../../components/Button.tsx'
import { classes } from '../../components/classes.ts'
import { preview } from '../../components/json/tree.ts'
import { Distance } from '../../components/values.tsx'
import { counted, formatCount } from '../../format/count.ts'
import type { Cause } from './causes.ts'
import type { Ticks } from './useTicks.ts'

/** Where a line stands in its list. */
export interface LinePlace {
  id: string
  rowIndex: number
  top: number
  /** Whether the keys are at it. */
  isCursor: boolean
}

const LINE = 'absolute inset-x-0 top-0 flex cursor-pointer items-center gap-2 border-b px-4'
/** The line of the keys is shown only to who uses them. */
const CURSOR = 'group-focus-visible/list:bg-selected'

interface CauseLineProps {
  place: LinePlace
  cause: Cause
  ticks: Ticks
  isOpen: boolean
  toggle: () => void
  redrive: () => void
}

export function CauseLine({ place, cause, ticks, isOpen, toggle, redrive }: CauseLineProps) {
  const { type, pattern, letters, newest } = cause
  const Arrow = isOpen ? ChevronDown : ChevronRight
  const ticked = letters.filter(ticks.has).length
  return (
    <div
      id={place.id}
      role="row"
      aria-level={1}
      aria-expanded={isOpen}
      aria-rowindex={place.rowIndex}
      aria-selected={ticked === letters.length}
      onClick={toggle}
      style={{ transform: `translateY(${place.top}px)` }}
      className={classes(LINE, 'h-10 bg-canvas', place.isCursor && CURSOR)}
    >
      <div role="gridcell" className="flex items-center gap-2">
        <Arrow size={13} aria-hidden className="shrink-0 text-faint" />
        <Tick label={`All of ${type}`} isTicked={ticked === letters.length} isPartly={ticked > 0} toggle={() => ticks.toggle(letters)} />
      </div>
      <div role="gridcell" className="min-w-0 flex-1 truncate" title={`${type}: ${pattern}`}>
        <span className="font-semibold text-bad">{type}</span> {pattern}
      </div>
      <div role="gridcell" className="shrink-0 text-sm text-muted" title={`${counted(letters.length, 'dead letter')}, the newest buried`}>
        <span className="tabular font-medium text-ink">{formatCount(letters.length)}</span> · <Distance at={newest} />
      </div>
      <div role="gridcell">
        <Button
          icon={RotateCw}
          onClick={(event) => {
            event.stopPropagation()
            redrive()
          }}
        >
          Redrive {formatCount(letters.length)}…
        </Button>
      </div>
    </div>
  )
}

interface LetterLineProps {
  place: LinePlace
  letter: DeadLetter
  ticks: Ticks
  open: (id: number) => void
  redrive: () => void
}

export function LetterLine({ place, letter, ticks, open, redrive }: LetterLineProps) {
  const { id, data, attempts, buried } = letter
  return (
    <div
      id={place.id}
      role="row"
      aria-level={2}
      aria-rowindex={place.rowIndex}
      aria-selected={ticks.has(letter)}
      onClick={() => open(id)}
      style={{ transform: `translateY(${place.top}px)` }}
      className={classes(LINE, 'h-8 hover:bg-hover', place.isCursor && CURSOR)}
    >
      <div role="gridcell" className="flex items-center pl-[21px]">
        <Tick label={`Dead letter ${id}`} isTicked={ticks.has(letter)} toggle={() => ticks.toggle([letter])} />
      </div>
      <div role="gridcell" className="tabular w-14 shrink-0 text-muted">
        #{id}
      </div>
      <div role="gridcell" className="min-w-0 flex-1 truncate font-mono text-sm">
        {preview(data, 160)}
      </div>
      <div role="gridcell" className="w-20 shrink-0 text-right text-sm text-muted">
        {counted(attempts.length, 'attempt')}
      </div>
      <div role="gridcell" className="w-28 shrink-0 text-right text-sm text-muted">
        <Distance at={buried} />
      </div>
      <div role="gridcell">
        <IconButton
          icon={RotateCw}
          label={`Redrive dead letter ${id}`}
          className="h-6"
          onClick={(event) => {
            event.stopPropagation()
            redrive()
          }}
        />
      </div>
    </div>
  )
}

interface TickProps {
  label: string
  isTicked: boolean
  isPartly?: boolean
  toggle: () => void
}

function Tick({ label, isTicked, isPartly = false, toggle }: TickProps) {
  return (
    <input
      type="checkbox"
      aria-label={label}
      tabIndex={-1}
      checked={isTicked}
      ref={(box) => {
        if (box !== null) box.indeterminate = isPartly && !isTicked
      }}
      onClick={(event) => event.stopPropagation()}
      onChange={toggle}
      className="size-3.5 cursor-pointer accent-fill"
    />
  )
}
