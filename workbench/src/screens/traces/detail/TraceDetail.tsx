import { useMemo } from 'react'

import type { Trace } from '../../../api/types.ts'
import { SplitPane } from '../../../components/SplitPane.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../../components/states.tsx'
import { ApiError } from '../../../api/error.ts'
import { SearchX } from 'lucide-react'
import { extentOf } from './axis.ts'
import { SpanPanel } from './SpanPanel.tsx'
import { TraceHeader } from './TraceHeader.tsx'
import { mainSpan, treeOf } from './tree.ts'
import { useElapsed, useLiveTrace } from './useLiveTrace.ts'
import { useLooked } from './useMark.ts'
import { Waterfall } from './Waterfall.tsx'

/** One trace: what ran, when, and why it went as it did. */
export function TraceDetail({ id, onClose }: { id: string; onClose: () => void }) {
  const { data: trace, error, refetch } = useLiveTrace(id)
  if (trace !== undefined) return <Shown trace={trace} onClose={onClose} />
  if (error instanceof ApiError && error.status === 404) {
    return (
      <EmptyState icon={SearchX} title="This trace is not kept">
        It may be too old, cleared, or not sampled. If it is about to begin, it appears here by itself.
      </EmptyState>
    )
  }
  return error ? <ErrorState error={error} retry={() => void refetch()} /> : <Skeleton rows={10} />
}

function Shown({ trace, onClose }: { trace: Trace; onClose: () => void }) {
  const [looked, look] = useLooked()
  const elapsed = useElapsed(trace.began, trace.status === 'running' || trace.seconds === null)
  const tree = useMemo(() => treeOf(trace), [trace])
  const extent = useMemo(() => extentOf(tree, elapsed), [tree, elapsed])
  const node = tree.nodes.get(looked.span) ?? tree.nodes.get(mainSpan(trace)?.spanId ?? '')
  return (
    <div className="flex h-full min-h-0 flex-col">
      <TraceHeader trace={trace} elapsed={elapsed} onClose={onClose} />
      <div className="min-h-0 flex-1">
        <SplitPane
          name="trace"
          label="the span"
          isStacked
          share={0.5}
          first={<Waterfall tree={tree} extent={extent} now={elapsed ?? extent.end} looked={{ ...looked, span: node?.span.spanId ?? '' }} look={look} />}
          second={node === undefined ? null : <SpanPanel trace={trace} node={node} looked={looked} look={look} />}
        />
      </div>
    </div>
  )
}
