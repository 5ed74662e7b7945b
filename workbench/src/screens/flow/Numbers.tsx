import type { ReactNode } from 'react'

import { LanguageMark } from '../../components/Badge.tsx'
import { counted, formatCount } from '../../format/count.ts'
import { useQueueDepth, useStepTotals } from './useOverlay.ts'

/*
 * These stand within custom nodes as well, where names of sizes of text mean what Tailwind says: so they are numbers here.
 */

/** At the foot of a card: what has happened to a step since the runtime has started, and what waits for it. */
export function Numbers({ name }: { name: string }) {
  return (
    <div
      data-numbers
      className="tabular flex h-[25px] shrink-0 items-center gap-2.5 overflow-hidden border-t px-2 text-[11px] leading-[16px] whitespace-nowrap text-faint"
    >
      <Counts name={name} between={<span className="flex-1" />} />
    </div>
  )
}

/** The same below a box that somebody else draws. */
export function NumberStrip({ name, language }: { name: string; language: string }) {
  return (
    <div className="flow-strip tabular text-[11px] leading-[16px] whitespace-nowrap text-faint">
      <LanguageMark language={language} />
      <Counts name={name} between={null} />
    </div>
  )
}

function Counts({ name, between }: { name: string; between: ReactNode }) {
  const totals = useStepTotals(name)
  const queue = useQueueDepth(name)
  return (
    <>
      <span className={totals && 'text-muted'}>{counted(totals?.runs ?? 0, 'run')}</span>
      {totals !== undefined && totals.failed > 0 && <span className="font-medium text-bad">{formatCount(totals.failed)} failed</span>}
      {totals !== undefined && totals.running > 0 && (
        <span className="flex items-center gap-1 font-medium text-busy">
          <span aria-hidden className="shimmer size-1.5 rounded-full bg-current" />
          {formatCount(totals.running)} running
        </span>
      )}
      {between}
      {queue !== undefined && queue.dead > 0 && <span className="font-medium text-bad" title="Dead letters">{formatCount(queue.dead)} dead</span>}
      {queue !== undefined && queue.waiting > 0 && <span className="font-medium text-ink">{formatCount(queue.waiting)} queued</span>}
      {queue?.isPaused && <span className="font-medium text-warn">paused</span>}
      {queue?.isFifo && <span title="Its queue keeps the order">FIFO</span>}
    </>
  )
}
