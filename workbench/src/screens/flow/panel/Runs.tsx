import { ChevronRight } from 'lucide-react'
import { useState } from 'react'

import { useTrace } from '../../../api/queries.ts'
import type { Frame, Step, TraceSummary } from '../../../api/types.ts'
import { explain } from '../../../api/error.ts'
import { places } from '../../../app/places.ts'
import { StatusBadge } from '../../../components/Badge.tsx'
import { classes } from '../../../components/classes.ts'
import { counted } from '../../../format/count.ts'
import { Link } from '../../../components/Link.tsx'
import { Distance, Duration } from '../../../components/values.tsx'
import { framesOf, spanOf } from './runs.ts'
import { Section } from './Section.tsx'
import { useOwnRuns, useRuns } from './useRuns.ts'

export type ShowLine = (frame: Pick<Frame, 'file' | 'line'>) => void

/** The last runs of a step, the newest first; each opens to what it threw, and where. */
export function Runs({ step, showLine }: { step: Step; showLine: ShowLine }) {
  const { data: runs, error } = useRuns(step.name)
  const [open, setOpen] = useState<string | null>(null)
  return (
    <Section title="Last runs" more={runs && runs.length > 0 && <Link to={places.tracesOf(step.name)}>All traces</Link>}>
      {error && <p className="text-bad">{explain(error)}</p>}
      {runs?.length === 0 && <p className="text-muted">It has not run yet, as far as traces are kept.</p>}
      <ul>
        {runs?.map((run) => (
          <li key={run.traceId} className="border-b last:border-b-0">
            <Row run={run} step={step.name} isOpen={run.traceId === open} toggle={() => setOpen(run.traceId === open ? null : run.traceId)} />
            {run.traceId === open && <Outcome run={run} step={step} showLine={showLine} />}
          </li>
        ))}
      </ul>
    </Section>
  )
}

interface RowProps {
  run: TraceSummary
  step: string
  isOpen: boolean
  toggle: () => void
}

/** A trace by what the step did in it, which may have gone well where another step has failed. */
function Row({ run, step, isOpen, toggle }: RowProps) {
  const { data: own } = useOwnRuns(run, step)
  return (
    <button type="button" aria-expanded={isOpen} onClick={toggle} className="focus-inset flex min-h-8 w-full items-center gap-2 py-1 text-left hover:bg-hover">
      <ChevronRight size={13} aria-hidden className={classes('shrink-0 text-faint', isOpen && 'rotate-90')} />
      {own ? <StatusBadge status={own.status} httpStatus={own.status === 'ok' ? own.httpStatus : null} /> : <span className="shimmer h-[18px] w-12 rounded-sm bg-noop-soft" />}
      <span className="min-w-0 flex-1">
        <span className="block truncate">
          {run.name}
          {own && own.runs > 1 && <span className="text-faint"> · {counted(own.runs, 'run')}</span>}
        </span>
        {own && own.error !== null && <span className="block truncate text-sm text-bad">{own.error}</span>}
      </span>
      <span className="shrink-0 text-sm text-faint">
        <Distance at={own?.began ?? run.began} />
      </span>
      <span className="w-16 shrink-0 text-right text-sm text-muted">
        {own && <Duration seconds={own.seconds} />}
      </span>
    </button>
  )
}

function Outcome({ run, step, showLine }: { run: TraceSummary; step: Step; showLine: ShowLine }) {
  const { data: trace, error } = useTrace(run.traceId)
  if (error) return <p className="pb-2 pl-5 text-bad">{explain(error)}</p>
  if (trace === undefined) return <p className="shimmer pb-2 pl-5 text-faint">Reading the trace</p>
  const span = spanOf(trace, step.name)
  const failing = span?.failure ? span : null
  return (
    <div className="flex flex-col gap-1.5 pb-3 pl-5">
      {failing?.failure ? (
        <>
          <p className="text-sm text-muted">
            {failing.step} failed in attempt {failing.attempt}
            {failing.then === 'retry' && ', and is tried again'}
            {failing.then === 'dead' && ', and became a dead letter'}:
          </p>
          <pre className="max-h-40 overflow-auto rounded-md bg-bad-soft p-2 font-mono text-sm whitespace-pre-wrap text-bad">
            {`${failing.failure.type || failing.failure.kind}: ${failing.failure.message}`}
          </pre>
          <Frames frames={framesOf(failing)} showLine={showLine} />
        </>
      ) : (
        <p className="text-sm text-muted">
          {span === null ? 'It has not run in this trace yet.' : `${step.name} took ${span.seconds === null ? 'no end yet' : `${(span.seconds * 1000).toFixed(1)} ms`}.`}
        </p>
      )}
      <Link to={places.trace(run.traceId, failing?.spanId ?? span?.spanId ?? '')}>Open the trace</Link>
    </div>
  )
}

function Frames({ frames, showLine }: { frames: Frame[]; showLine: ShowLine }) {
  if (frames.length === 0) return <p className="text-sm text-faint">No line of the project’s code is known for it.</p>
  return (
    <ol aria-label="Where it was thrown, then who called">
      {frames.map((frame, at) => (
        <li key={`${frame.file}:${frame.line}`}>
          <button type="button" onClick={() => showLine(frame)} className="max-w-full truncate rounded-sm font-mono text-sm text-accent hover:underline">
            {at === 0 && <span className="sr-only">thrown at </span>}
            {frame.file}:{frame.line}
            {frame.function !== '' && <span className="text-faint"> in {frame.function}</span>}
          </button>
        </li>
      ))}
    </ol>
  )
}
