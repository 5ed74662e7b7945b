import { TriangleAlert } from 'lucide-react'

import type { Step } from '../../api/types.ts'
import { classes } from '../../components/classes.ts'
import { LanguageMark } from '../../components/Badge.tsx'
import { counted } from '../../format/count.ts'
import { languageOf } from '../../format/language.ts'
import { lookOf } from './kinds.ts'
import { Numbers } from './Numbers.tsx'
import { linesOfDescription, MOST_TRIGGERS, runs, triggerText } from './sizes.ts'

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
