import { SplitPane } from '../../../components/SplitPane.tsx'
import { JsonView } from '../../../components/json/JsonView.tsx'
import { Table, type Column } from '../../../components/Table.tsx'
import { formatDuration } from '../../../format/duration.ts'
import { LevelMark } from '../../logs/LevelMark.tsx'
import type { PlacedLog } from './tree.ts'

const columns: readonly Column<PlacedLog>[] = [
  { title: 'At', width: '72px', isNumber: true, cell: ({ offset }) => formatDuration(Math.max(offset, 0)) },
  { title: 'Level', width: '64px', cell: ({ log }) => <LevelMark level={log.level} /> },
  { title: 'Message', width: 'minmax(160px, 1fr)', cell: ({ log }) => <span title={log.message}>{log.message}</span> },
]

interface SpanLogsProps {
  logs: readonly PlacedLog[]
  mark: string
  onSelect: (mark: string) => void
}

/** The lines of a span, and the data of the one that is selected. */
export function SpanLogs({ logs, mark, onSelect }: SpanLogsProps) {
  if (logs.length === 0) return <p className="p-3 text-muted">It logged nothing. Lines of logger.info() and of what it prints would be here.</p>
  const selected = logs.find((placed) => keyOf(placed) === mark)
  return (
    <SplitPane
      name="span-logs"
      label="the line"
      share={0.6}
      first={<Table label="Lines of the span" columns={columns} rows={logs} keyOf={keyOf} selected={mark} onSelect={onSelect} />}
      second={
        selected === undefined ? null : (
          <div className="flex h-full flex-col gap-2 overflow-auto p-2">
            <p className="font-mono text-sm break-words whitespace-pre-wrap">{selected.log.message}</p>
            {selected.log.data !== null && <JsonView value={selected.log.data} label="the data of the line" depth={3} />}
          </div>
        )
      }
    />
  )
}

function keyOf({ log }: PlacedLog): string {
  return `l${log.id}`
}
