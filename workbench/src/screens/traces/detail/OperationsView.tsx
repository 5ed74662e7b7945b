import { PencilRuler } from 'lucide-react'

import type { Operation, Span } from '../../../api/types.ts'
import { JsonView } from '../../../components/json/JsonView.tsx'
import { SplitPane } from '../../../components/SplitPane.tsx'
import { Table, type Column } from '../../../components/Table.tsx'
import { Bytes, Duration } from '../../../components/values.tsx'
import { formatDuration } from '../../../format/duration.ts'
import { objectOf } from './facts.ts'

interface Listed {
  key: string
  operation: Operation
}

const columns: readonly Column<Listed>[] = [
  { title: 'At', width: '70px', isNumber: true, cell: ({ operation }) => formatDuration(operation.offset) },
  {
    title: 'Operation',
    width: '110px',
    cell: ({ operation: { name, error } }) => <span className={error === null ? 'font-mono text-sm text-code-word' : 'font-mono text-sm text-bad'}>{name}</span>,
  },
  {
    title: 'Of',
    width: 'minmax(80px, 1fr)',
    cell: ({ operation }) => <span title={operation.error ?? objectOf(operation)}>{objectOf(operation)}</span>,
  },
  { title: 'Size', width: '62px', isNumber: true, cell: ({ operation: { bytes } }) => <Bytes bytes={bytes > 0 ? bytes : null} /> },
  { title: 'Took', width: '70px', isNumber: true, cell: ({ operation }) => <Duration seconds={operation.seconds} /> },
]

interface OperationsViewProps {
  span: Span
  mark: string
  onSelect: (mark: string) => void
}

/** What the handler asked of the core, in order, and the payload of the one that is selected. */
export function OperationsView({ span: { operations, lostOperations }, mark, onSelect }: OperationsViewProps) {
  if (operations.length === 0) {
    return (
      <p className="flex items-center gap-2 p-3 text-muted">
        <PencilRuler size={14} aria-hidden /> It asked nothing of the runtime: no events, no state, no streams.
      </p>
    )
  }
  const rows = operations.map((operation, at) => ({ key: `o${at}`, operation }))
  const selected = rows.find(({ key }) => key === mark)
  return (
    <SplitPane
      name="operations"
      label="the payload"
      share={0.64}
      first={
        <Table
          label="Operations"
          columns={columns}
          rows={rows}
          keyOf={({ key }) => key}
          selected={mark}
          onSelect={onSelect}
          footer={lostOperations > 0 && <p className="p-2 text-sm text-muted">{lostOperations} more were not kept: see telemetry.maxSpanOperations in runtime.yaml.</p>}
        />
      }
      second={selected === undefined ? null : <Payload operation={selected.operation} />}
    />
  )
}

function Payload({ operation: { error, data, isCut, eventId } }: { operation: Operation }) {
  return (
    <div className="flex h-full flex-col gap-2 overflow-auto p-2">
      {error !== null && <p className="break-words text-bad">{error}</p>}
      {isCut ? <p className="text-muted">Its value was too large to be kept.</p> : <JsonView value={data} label="the payload" depth={3} />}
      {eventId !== null && <p className="font-mono text-xs text-faint">event {eventId}</p>}
    </div>
  )
}
