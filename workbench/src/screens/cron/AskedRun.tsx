import { X } from 'lucide-react'

import type { TraceSummary } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { Badge, StatusBadge } from '../../components/Badge.tsx'
import { IconButton } from '../../components/Button.tsx'
import { Link } from '../../components/Link.tsx'
import { Duration } from '../../components/values.tsx'
import { useAskedRun, type Asked } from './useRuns.ts'

interface AskedRunProps {
  asked: Asked
  runs: readonly TraceSummary[]
  onClose: () => void
}

/** What has come of a run that was asked for. */
export function AskedRun({ asked, runs, onClose }: AskedRunProps) {
  const run = useAskedRun(asked, runs)
  return (
    <div role="status" className="flex shrink-0 items-center gap-2 border-b bg-sunken py-1 pr-2 pl-4">
      {run === null ? (
        <>
          <Badge tone="busy">asked for</Badge>
          <span className="min-w-0 flex-1 truncate">
            It waits for its turn in <Link to={places.queue({ topic: '', step: asked.step, kind: 'cron' })}>its queue</Link>.
          </span>
        </>
      ) : (
        <>
          <StatusBadge status={run.status} />
          <span className="min-w-0 flex-1 truncate" title={run.error ?? ''}>
            {run.status === 'running' ? 'The run that you asked for goes on.' : <RunEnd run={run} />}
          </span>
          <Link to={places.trace(run.traceId)} className="shrink-0 text-accent hover:underline">
            Show its trace
          </Link>
        </>
      )}
      <IconButton icon={X} label="Close the report" onClick={onClose} />
    </div>
  )
}

function RunEnd({ run: { seconds, error } }: { run: TraceSummary }) {
  return (
    <>
      The run that you asked for took <Duration seconds={seconds} />
      {error !== null && ` and failed: ${error}`}.
    </>
  )
}
