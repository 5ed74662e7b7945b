import { Send } from 'lucide-react'

import { CopyButton } from '../../../components/CopyButton.tsx'
import { EmptyState } from '../../../components/states.tsx'
import { TraceLink } from '../../../components/TraceLink.tsx'
import { Time } from '../../../components/values.tsx'

/** An event that was emitted from here. */
export interface Emitted {
  id: string
  topic: string
  at: string
  traceId: string
  /** Whether a step takes its topic. */
  isTaken: boolean
}

/** What was emitted, the newest first, and what each has caused; `command` does the same in a terminal. */
export function EmittedList({ emitted, command }: { emitted: readonly Emitted[]; command: string }) {
  if (emitted.length === 0) {
    return (
      <EmptyState icon={Send} title="Emit an event" command={command}>
        It is put into the queue of every step that takes its topic, as if a step had emitted it. What it causes is linked here.
        The same from a terminal:
      </EmptyState>
    )
  }
  return (
    <ul className="h-full overflow-auto">
      {emitted.map(({ id, topic, at, traceId, isTaken }) => (
        <li key={`${id} ${at}`} className="flex flex-col gap-0.5 border-b px-3 py-2">
          <span className="flex items-center gap-2">
            <span className="min-w-0 flex-1 truncate font-mono text-sm">{topic}</span>
            <span className="text-sm text-muted">
              <Time at={at} />
            </span>
            <CopyButton text={id} label="Copy the event’s id" />
          </span>
          {isTaken ? <TraceLink id={traceId} /> : <span className="text-sm text-warn">No step takes it, so nothing follows.</span>}
        </li>
      ))}
    </ul>
  )
}
