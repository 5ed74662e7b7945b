import { ChevronDown, ChevronRight } from 'lucide-react'
import { useState } from 'react'

import type { Failure, Frame } from '../../../api/types.ts'
import { Badge } from '../../../components/Badge.tsx'
import { FrameSource } from '../../../components/code/FrameSource.tsx'
import { CopyButton } from '../../../components/CopyButton.tsx'
import { causesOf } from './causes.ts'

/** Why a run that began at this moment failed: the error, its stack, and what caused it, down to the first cause. */
export function FailureView({ failure, began }: { failure: Failure; began: string }) {
  const { shown, more } = causesOf(failure)
  return (
    <div className="flex flex-col gap-3 p-3">
      {shown.map((each, depth) => (
        <Cause key={depth} failure={each} began={began} depth={depth} />
      ))}
      {more > 0 && <p className="text-muted">{more} more causes lie below.</p>}
    </div>
  )
}

function Cause({ failure, began, depth }: { failure: Failure; began: string; depth: number }) {
  const { type, message, kind, stack, frames } = failure
  return (
    <section>
      <div className="flex items-start gap-2">
        <h4 className="min-w-0 flex-1 break-words whitespace-pre-wrap">
          {depth > 0 && <span className="text-muted">caused by </span>}
          {type !== '' && <span className="font-semibold text-bad">{type}</span>}
          {type !== '' && message !== '' && ': '}
          {message}
        </h4>
        {kind !== '' && kind !== 'handler' && <Badge tone="bad">{kind}</Badge>}
        {stack !== '' && <CopyButton text={stack} label="Copy the stack" />}
      </div>
      {frames.length === 0 && stack !== '' && <pre className="mt-1 max-h-60 overflow-auto font-mono text-sm text-muted">{stack}</pre>}
      <ol className="mt-1">
        {frames.map((frame, at) => (
          <FrameLine key={at} frame={frame} began={began} isOpenAtFirst={depth === 0 && at === 0} />
        ))}
      </ol>
    </section>
  )
}

function FrameLine({ frame, began, isOpenAtFirst }: { frame: Frame; began: string; isOpenAtFirst: boolean }) {
  const [isOpen, setIsOpen] = useState(isOpenAtFirst)
  const { file, line, column } = frame
  const Arrow = isOpen ? ChevronDown : ChevronRight
  return (
    <li>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
        className="focus-inset flex w-full items-center gap-1 rounded-sm py-0.5 text-left font-mono text-sm hover:bg-hover"
      >
        <Arrow size={12} aria-hidden className="shrink-0 text-faint" />
        <span className="truncate">
          {frame.function !== '' && <span className="text-code-name">{frame.function} </span>}
          <span className="text-muted">
            {file}:{line}
            {column > 0 && `:${column}`}
          </span>
        </span>
      </button>
      {isOpen && <FrameSource file={file} line={line} began={began} />}
    </li>
  )
}
