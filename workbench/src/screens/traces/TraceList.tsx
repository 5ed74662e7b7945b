import { ArrowUp, SearchX, Waypoints } from 'lucide-react'
import { useMemo, useRef } from 'react'

import { useProject, type TraceFilter } from '../../api/queries.ts'
import type { TraceSummary } from '../../api/types.ts'
import { Button } from '../../components/Button.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Table } from '../../components/Table.tsx'
import { counted } from '../../format/count.ts'
import { columnsOf } from './columns.tsx'
import { longestOf } from './durations.ts'
import { exampleRequest } from './exampleRequest.ts'
import { useTraceList } from './useTraceList.ts'

interface TraceListProps {
  filter: TraceFilter
  selected: string | null
  onSelect: (id: string) => void
}

/** The list, which grows at its top; while one is further down or points into it, new traces wait behind a button. */
export function TraceList({ filter, selected, onSelect }: TraceListProps) {
  const { query, traces, held, showHeld, setReading, more } = useTraceList(filter)
  const reading = useReading(setReading)
  const longest = useMemo(() => longestOf(traces ?? []), [traces])
  const columns = useMemo(() => columnsOf(selected !== null, longest), [selected, longest])
  if (traces === undefined) {
    return query.error ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : <Skeleton rows={12} />
  }
  if (traces.length === 0 && held === 0) {
    return (
      <div className="h-full" aria-busy={query.isPlaceholderData}>
        <Empty isFiltered={Object.keys(filter).length > 0} />
      </div>
    )
  }
  const toTop = (): void => {
    reading.box.current?.querySelector('[role=grid]')?.scrollTo({ top: 0 })
    showHeld()
  }
  return (
    <div ref={reading.box} className="relative h-full" aria-busy={query.isPlaceholderData} {...reading.handlers}>
      {held > 0 && (
        <Button icon={ArrowUp} look="primary" onClick={toTop} className="absolute top-10 left-1/2 z-20 -translate-x-1/2 shadow-lg">
          {counted(held, 'new trace')}
        </Button>
      )}
      <Table
        label="Traces"
        hasKeys
        columns={columns}
        rows={traces}
        keyOf={keyOf}
        selected={selected}
        onSelect={onSelect}
        onEnd={more}
        footer={query.isFetchingNextPage && <Skeleton rows={3} />}
      />
    </div>
  )
}

function keyOf({ traceId }: TraceSummary): string {
  return traceId
}

/** Somebody reads who has scrolled down, or whose pointer is among the rows, where a row that moves would be missed. */
function useReading(setReading: (reads: boolean) => void) {
  const box = useRef<HTMLDivElement>(null)
  const state = useRef({ isAway: false, isOver: false })
  const note = (change: Partial<{ isAway: boolean; isOver: boolean }>): void => {
    const before = state.current.isAway || state.current.isOver
    Object.assign(state.current, change)
    const reads = state.current.isAway || state.current.isOver
    if (reads !== before) setReading(reads)
  }
  const handlers = {
    onScrollCapture: ({ target }: { target: EventTarget }) => note({ isAway: (target as HTMLElement).scrollTop > 4 }),
    onPointerEnter: () => note({ isOver: true }),
    onPointerLeave: () => note({ isOver: false }),
  }
  return { box, handlers }
}

function Empty({ isFiltered }: { isFiltered: boolean }) {
  const project = useProject().data
  if (isFiltered) {
    return (
      <EmptyState icon={SearchX} title="No trace fits">
        Nothing that is kept fits these filters. Clear some of them, or wait: what fits appears here by itself.
      </EmptyState>
    )
  }
  return (
    <EmptyState icon={Waypoints} title="Nothing has run yet" command={exampleRequest(project)}>
      A trace holds all runs that one cause led to: a request, an event, a schedule. It appears here as it begins.
    </EmptyState>
  )
}
