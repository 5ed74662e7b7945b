import { Link2, ScrollText, X } from 'lucide-react'

import type { Trace } from '../../../api/types.ts'
import { places } from '../../../app/places.ts'
import { formatRoute } from '../../../app/route.ts'
import { KindBadge, StatusBadge } from '../../../components/Badge.tsx'
import { IconButton } from '../../../components/Button.tsx'
import { CopyButton } from '../../../components/CopyButton.tsx'
import { Link } from '../../../components/Link.tsx'
import { toast } from '../../../components/toasts.ts'
import { Time } from '../../../components/values.tsx'
import { counted, formatCount } from '../../../format/count.ts'
import { formatDuration } from '../../../format/duration.ts'
import { RunAgain } from '../repeat/RunAgain.tsx'
import { shownStatus } from '../shownStatus.ts'
import { firstSpan } from './tree.ts'

interface TraceHeaderProps {
  trace: Trace
  elapsed: number | null
  onClose: () => void
}

export function TraceHeader({ trace, elapsed, onClose }: TraceHeaderProps) {
  const first = firstSpan(trace)
  return (
    <header className="shrink-0 border-b px-3 pt-2 pb-1.5">
      <div className="flex items-center gap-2">
        <StatusBadge status={trace.status} httpStatus={shownStatus(trace)} />
        <KindBadge kind={trace.kind} />
        <h3 className="min-w-0 flex-1 truncate text-lg font-semibold" title={trace.name}>
          {trace.name}
        </h3>
        {first && <RunAgain traceId={trace.traceId} span={first} isMain />}
        <IconButton icon={X} label="Close the trace" onClick={onClose} />
      </div>
      <div className="flex flex-wrap items-center gap-x-2 text-sm text-muted">
        <Time at={trace.began} />
        <span aria-hidden>·</span>
        <span className="tabular">{elapsed === null ? formatDuration(trace.seconds ?? 0) : `running for ${formatDuration(elapsed)}`}</span>
        <span aria-hidden>·</span>
        <span>
          {counted(trace.spans, 'span')}
          {trace.failed > 0 && <span className="text-bad">, {trace.failed} failed</span>}
          {trace.lostSpans > 0 && `, ${formatCount(trace.lostSpans)} of them not shown`}
        </span>
        {trace.repeats !== null && (
          <>
            <span aria-hidden>·</span>
            <span>
              repeats <Link to={places.trace(trace.repeats)}>{trace.repeats.slice(0, 8)}</Link>
            </span>
          </>
        )}
        <span className="flex-1" />
        <TraceLinks traceId={trace.traceId} />
      </div>
    </header>
  )
}

function TraceLinks({ traceId }: { traceId: string }) {
  const share = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(`${location.origin}${location.pathname}${formatRoute(places.trace(traceId))}`)
      toast('ok', 'The link to this trace is copied.')
    } catch {
      toast('bad', 'The browser did not let the Workbench copy. Take the address of the page.')
    }
  }
  return (
    <span className="flex items-center">
      <Link to={places.logs({ trace: traceId })} className="mr-1 flex items-center gap-1 rounded-sm text-accent hover:underline">
        <ScrollText size={13} aria-hidden /> Logs
      </Link>
      <code className="font-mono text-xs text-faint" title={traceId}>
        {traceId.slice(0, 8)}
      </code>
      <CopyButton text={traceId} label="Copy the trace id" />
      <IconButton icon={Link2} label="Copy a link to this trace" onClick={() => void share()} />
    </span>
  )
}
