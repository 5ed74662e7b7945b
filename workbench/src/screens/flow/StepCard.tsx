import { TriangleAlert } from 'lucide-react'

import type { Step } from '../../api/types.ts'
import { classes } from '../../components/classes.ts'
import { LanguageMark } from '../../components/Badge.tsx'
import { counted, formatCount } from '../../format/count.ts'
import { lookOf } from './kinds.ts'
import { linesOfDescription, MOST_TRIGGERS, runs, triggerText } from './sizes.ts'
import { useQueueDepth, useStepTotals } from './useOverlay.ts'
import { languageOf } from '../../format/language.ts'

/** How a step is drawn unless it has a custom node, or that is broken: then `fault` says why. */
export function StepCard({ step, fault = '' }: { step: Step; fault?: string }) {
  const { icon: Icon, tone } = lookOf(step.type)
  return (
    <div className={classes('flow-card flex h-full w-full flex-col', step.type === 'noop' && 'border-dashed')}>
      <div className="flex h-[34px] shrink-0 items-center gap-2 px-2">
        <span className={classes('flex size-5 shrink-0 items-center justify-center rounded-sm', tone)}>
          <Icon size={13} aria-hidden />
        </span>
        <span className="min-w-0 flex-1 truncate font-semibold" title={step.name}>
          {step.name}
        </span>
        {fault !== '' && (
          <span className="flex items-center text-warn" title={`Its custom node is not shown: ${fault}`}>
            <TriangleAlert size={14} aria-label="Its custom node is not shown" />
          </span>
        )}
        {runs(step) && <LanguageMark language={languageOf(step.file, step.language)} />}
      </div>
      <Lines step={step} />
      {runs(step) && <Numbers name={step.name} />}
    </div>
  )
}

function Lines({ step: { description, triggers } }: { step: Step }) {
  if (description === '' && triggers.length === 0) return null
  const more = triggers.length - MOST_TRIGGERS
  return (
    <div className="min-h-0 flex-1 px-2 pb-2">
      {description !== '' && (
        <div className={classes('text-sm text-muted', linesOfDescription(description) === 1 ? 'truncate' : 'line-clamp-2')} title={description}>
          {description}
        </div>
      )}
      {triggers.slice(0, MOST_TRIGGERS).map((trigger, at) => {
        const { icon: Icon, colour } = lookOf(trigger.kind)
        const text = triggerText(trigger)
        return (
          <div key={at} className="flex h-[18px] items-center gap-1 font-mono text-xs text-ink" title={`${trigger.kind}: ${text}`}>
            <Icon size={11} aria-hidden className="shrink-0" style={{ color: colour }} />
            <span className="truncate">{text}</span>
          </div>
        )
      })}
      {more > 0 && <div className="h-[18px] text-xs text-faint">{`and ${counted(more, 'trigger')} more`}</div>}
    </div>
  )
}

/** What has happened to a step since the runtime has started, and what waits for it. */
function Numbers({ name }: { name: string }) {
  const totals = useStepTotals(name)
  const queue = useQueueDepth(name)
  return (
    <div className="tabular flex h-[25px] shrink-0 items-center gap-2.5 overflow-hidden border-t px-2 text-xs whitespace-nowrap text-faint">
      <span className={totals && 'text-muted'}>{counted(totals?.runs ?? 0, 'run')}</span>
      {totals !== undefined && totals.failed > 0 && <span className="font-medium text-bad">{formatCount(totals.failed)} failed</span>}
      {totals !== undefined && totals.running > 0 && (
        <span className="flex items-center gap-1 font-medium text-busy">
          <span aria-hidden className="shimmer size-1.5 rounded-full bg-current" />
          {formatCount(totals.running)} running
        </span>
      )}
      <span className="flex-1" />
      {queue !== undefined && queue.dead > 0 && <span className="font-medium text-bad" title="Dead letters">{formatCount(queue.dead)} dead</span>}
      {queue !== undefined && queue.waiting > 0 && <span className="font-medium text-ink">{formatCount(queue.waiting)} queued</span>}
      {queue?.isPaused && <span className="font-medium text-warn">paused</span>}
      {queue?.isFifo && <span title="Its queue keeps the order">FIFO</span>}
    </div>
  )
}
