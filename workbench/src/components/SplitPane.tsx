import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react'

interface SplitPaneProps {
  /** Under which its size is kept, such as `traces`. */
  name: string
  /** What the second pane is, for people who do not see it. */
  label: string
  first: ReactNode
  /** Null for a pane that is not there. */
  second: ReactNode
  /** Share of the first pane, until a person has said otherwise. */
  share?: number
  /** One above the other, instead of side by side. */
  isStacked?: boolean
}

const LEAST = 0.15
const MOST = 0.85
const STEP = 0.02

/** Two panes with a border between them that can be moved, by pointer or arrow keys. */
export function SplitPane({ name, label, first, second, share = 0.5, isStacked = false }: SplitPaneProps) {
  const [size, setSize] = useKeptShare(name, share)
  const box = useRef<HTMLDivElement>(null)
  const drag = (event: PointerEvent<HTMLDivElement>): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId) || box.current === null) return
    const { left, top, width, height } = box.current.getBoundingClientRect()
    setSize(isStacked ? (event.clientY - top) / height : (event.clientX - left) / width)
  }
  const [less, more] = isStacked ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight']
  const press = (event: KeyboardEvent): void => {
    if (event.key !== less && event.key !== more) return
    event.preventDefault()
    setSize(size + (event.key === more ? STEP : -STEP))
  }
  if (second === null) return <div className="h-full min-h-0 min-w-0">{first}</div>
  const tracks = `minmax(0, ${size}fr) 1px minmax(0, ${1 - size}fr)`
  return (
    <div ref={box} className="grid h-full min-h-0" style={isStacked ? { gridTemplateRows: tracks } : { gridTemplateColumns: tracks }}>
      <div className="min-h-0 min-w-0 overflow-hidden">{first}</div>
      <div
        role="separator"
        tabIndex={0}
        aria-label={`Size of ${label}`}
        aria-orientation={isStacked ? 'horizontal' : 'vertical'}
        aria-valuenow={Math.round(size * 100)}
        aria-valuemin={LEAST * 100}
        aria-valuemax={MOST * 100}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onKeyDown={press}
        className={`relative z-10 touch-none bg-line after:absolute hover:bg-accent active:bg-accent ${
          isStacked ? 'cursor-row-resize after:inset-x-0 after:-inset-y-1' : 'cursor-col-resize after:inset-y-0 after:-inset-x-1'
        }`}
      />
      <section aria-label={label} className="min-h-0 min-w-0 overflow-hidden">
        {second}
      </section>
    </div>
  )
}

function useKeptShare(name: string, share: number): [number, (share: number) => void] {
  const keptAs = `workbench-split-${name}`
  const [size, setSize] = useState(() => bounded(Number(localStorage.getItem(keptAs) ?? share) || share))
  return [
    size,
    (next) => {
      setSize(bounded(next))
      localStorage.setItem(keptAs, bounded(next).toFixed(3))
    },
  ]
}

function bounded(share: number): number {
  return Math.min(Math.max(share, LEAST), MOST)
}
