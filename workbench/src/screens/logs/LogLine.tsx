import { ChevronDown, ChevronRight } from 'lucide-react'
import { memo } from 'react'

import type { Log } from '../../api/types.ts'
import { places } from '../../app/places.ts'
import { classes } from '../../components/classes.ts'
import { CopyButton } from '../../components/CopyButton.tsx'
import { JsonView } from '../../components/json/JsonView.tsx'
import { preview } from '../../components/json/tree.ts'
import { Link } from '../../components/Link.tsx'
import { formatFull, formatTime } from '../../format/time.ts'
import { LevelMark } from './LevelMark.tsx'

/** Height of a line that is not expanded. */
export const ROW = 24
/** Of a message so much stands in one line. */
const SHOWN = 600

const GROUNDS = { debug: '', info: '', warn: 'bg-warn-soft/50', error: 'bg-bad-soft/50' }

interface LogLineProps {
  log: Log
  isOpen: boolean
  onSelect: (id: number | null) => void
}

/** A line; it is made anew only when something of it has changed, since many come by as one scrolls. */
export const LogLine = memo(function LogLine({ log, isOpen, onSelect }: LogLineProps) {
  const { time, level, source, message, data, traceId } = log
  const Arrow = isOpen ? ChevronDown : ChevronRight
  return (
    <div className={classes(isOpen ? 'border-y bg-selected' : GROUNDS[level])}>
      <div className="flex h-6 items-center gap-2 pr-3 pl-1.5 font-mono text-sm hover:bg-hover">
        <button type="button" aria-expanded={isOpen} onClick={() => onSelect(isOpen ? null : log.id)} className="focus-inset flex h-full min-w-0 flex-1 items-center gap-2 text-left">
          <Arrow size={12} aria-hidden className="shrink-0 text-faint" />
          <time dateTime={time} title={formatFull(time)} className="tabular shrink-0 text-faint">
            {formatTime(time)}
          </time>
          <span className="w-10 shrink-0">
            <LevelMark level={level} />
          </span>
          <span className="w-36 shrink-0 truncate text-muted" title={source}>
            {source}
          </span>
          <span className="min-w-0 truncate">
            {message.slice(0, SHOWN)}
            {data !== null && <span className="text-faint"> {preview(data, 160)}</span>}
          </span>
        </button>
        {traceId !== null && (
          <Link to={places.trace(traceId, log.spanId ?? '')} title="Show its trace" className="shrink-0 text-xs text-accent hover:underline">
            {traceId.slice(0, 8)}
          </Link>
        )}
      </div>
      {isOpen && <Whole log={log} />}
    </div>
  )
})

/** The whole message, and the data that came with it. */
function Whole({ log: { time, source, message, data, traceId } }: { log: Log }) {
  return (
    <div className="max-h-96 overflow-auto pr-3 pb-2 pl-8">
      <div className="flex items-start gap-2">
        <pre className="min-w-0 flex-1 font-mono text-sm break-words whitespace-pre-wrap">{message}</pre>
        <CopyButton text={message} label="Copy the message" />
      </div>
      {data !== null && <JsonView value={data} label="the data of the line" depth={3} />}
      <p className="mt-1 flex flex-wrap gap-x-4 text-sm text-muted">
        <span>{formatFull(time)}</span>
        <Link to={places.logs({ step: source })}>Lines of {source}</Link>
        {traceId !== null && <Link to={places.logs({ trace: traceId })}>Lines of this trace</Link>}
      </p>
    </div>
  )
}
