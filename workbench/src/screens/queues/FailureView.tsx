import { useState } from 'react'

import type { Failure, Frame } from '../../api/types.ts'
import { FrameSource } from '../../components/code/FrameSource.tsx'
import { classes } from '../../components/classes.ts'
import { CopyButton } from '../../components/CopyButton.tsx'

const MOST_FRAMES = 30
const MOST_CAUSES = 10

interface FailureViewProps {
  failure: Failure
  /** When the run that failed began. */
  began: string
  /** Whether the source of its place is shown at once. */
  isOpen?: boolean
}

/** What went wrong, where, and what led to it. */
export function FailureView({ failure, began, isOpen = false }: FailureViewProps) {
  return (
    <div className="flex flex-col gap-3 border-l-2 border-bad pl-3">
      {chainOf(failure).map((each, at) => (
        <OneFailure key={at} failure={each} began={began} isOpen={isOpen && at === 0} isCause={at > 0} />
      ))}
    </div>
  )
}

function chainOf(failure: Failure): Failure[] {
  const chain = []
  for (let each: Failure | null = failure; each !== null && chain.length < MOST_CAUSES; each = each.cause) chain.push(each)
  return chain
}

function OneFailure({ failure, began, isOpen = false, isCause }: FailureViewProps & { isCause: boolean }) {
  const { type, kind, message, stack, frames } = failure
  const [shown, setShown] = useState(isOpen ? 0 : -1)
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <div className="flex items-start gap-1">
        <p className="min-w-0 flex-1 break-words whitespace-pre-wrap">
          {isCause && <span className="text-muted">because of </span>}
          <span className="font-semibold text-bad">{type || kind}</span> {message.slice(0, 4000)}
        </p>
        {stack !== '' && (
          <span className="-my-1">
            <CopyButton text={stack} label="Copy the stack" />
          </span>
        )}
      </div>
      {frames.length > 0 ? (
        <ol className="flex flex-col gap-0.5" aria-label="Stack">
          {frames.slice(0, MOST_FRAMES).map((frame, at) => (
            <FrameItem key={at} frame={frame} began={began} isInner={at === 0} isShown={at === shown} toggle={() => setShown(at === shown ? -1 : at)} />
          ))}
        </ol>
      ) : (
        stack !== '' && <pre className="max-h-48 overflow-auto rounded-md bg-sunken p-2 font-mono text-sm">{stack.slice(0, 8000)}</pre>
      )}
    </div>
  )
}

interface FrameItemProps {
  frame: Frame
  began: string
  /** Whether it is the one that threw. */
  isInner: boolean
  isShown: boolean
  toggle: () => void
}

function FrameItem({ frame, began, isInner, isShown, toggle }: FrameItemProps) {
  const { file, line, function: name } = frame
  return (
    <li>
      <button
        type="button"
        aria-expanded={isShown}
        onClick={toggle}
        title="Show the source"
        className={classes('focus-inset max-w-full truncate rounded-sm px-1 text-left font-mono text-sm hover:bg-hover', isInner ? 'text-ink' : 'text-muted')}
      >
        <span className="text-accent">
          {file}:{line}
        </span>
        {name && <span> in {name}</span>}
      </button>
      {isShown && <FrameSource file={file} line={line} began={began} />}
    </li>
  )
}
