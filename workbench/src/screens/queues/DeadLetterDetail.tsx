import { ArrowLeft, ChevronLeft, ChevronRight, MailX, RotateCw } from 'lucide-react'
import { useEffect, useState } from 'react'

import type { DeadLetter, QueueContents } from '../../api/types.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { Button, IconButton } from '../../components/Button.tsx'
import { EmptyState, Skeleton } from '../../components/states.tsx'
import { formatCount } from '../../format/count.ts'
import { Attempts } from './Attempts.tsx'
import { causesOf } from './causes.ts'
import { HeldEventView } from './HeldEventView.tsx'
import { RedriveDialog } from './RedriveDialog.tsx'
import type { Redriven } from './words.ts'

interface DeadLetterDetailProps {
  queue: QueueContents
  id: number
  open: (id: number | null) => void
  showMore: (() => void) | null
  onRedriven: (redriven: Redriven) => void
}

/** One dead letter: what it carried, and what went wrong with it each time. */
export function DeadLetterDetail({ queue, id, open, showMore, onRedriven }: DeadLetterDetailProps) {
  const letters = causesOf(queue.deadLetters).flatMap((cause) => cause.letters)
  const at = letters.findIndex((letter) => letter.id === id)
  const [isAsked, setIsAsked] = useState(false)
  const letter = letters[at]
  const isFurther = letter === undefined && queue.dead > letters.length
  useEffect(() => {
    if (isFurther) showMore?.()
  }, [isFurther, showMore])
  const go = (by: number): void => {
    const next = letters[at + by]
    if (next !== undefined) open(next.id)
  }
  useShortcuts([
    { keys: 'esc', title: 'Close what is open', group: 'This screen', run: () => open(null) },
    { keys: 'j', title: 'Next dead letter', group: 'Lists', run: () => go(1) },
    { keys: 'k', title: 'Dead letter before', group: 'Lists', run: () => go(-1) },
    { keys: 'r', title: 'Redrive this dead letter', group: 'This screen', run: () => setIsAsked(letter !== undefined) },
  ])
  const done = (redriven: Redriven): void => {
    open(null)
    onRedriven(redriven)
  }
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-1 border-b py-1.5 pr-4 pl-2">
        <Button look="quiet" icon={ArrowLeft} onClick={() => open(null)}>
          Dead letters
        </Button>
        <h4 className="font-semibold">Dead letter {id}</h4>
        {letter && (
          <>
            <span className="tabular ml-2 text-sm text-muted">
              {formatCount(at + 1)} of {formatCount(letters.length)}
            </span>
            <IconButton icon={ChevronLeft} label="Dead letter before (k)" disabled={at === 0} onClick={() => go(-1)} />
            <IconButton icon={ChevronRight} label="Next dead letter (j)" disabled={at === letters.length - 1} onClick={() => go(1)} />
            <span className="flex-1" />
            <Button icon={RotateCw} onClick={() => setIsAsked(true)}>
              Redrive…
            </Button>
          </>
        )}
      </div>
      {letter ? (
        <Content queue={queue} letter={letter} />
      ) : isFurther && showMore !== null ? (
        <Skeleton />
      ) : (
        <GoneLetter id={id} isFurther={isFurther} close={() => open(null)} />
      )}
      {isAsked && letter && <RedriveDialog queue={queue} letters={[letter]} onRedriven={done} onClose={() => setIsAsked(false)} />}
    </div>
  )
}

function Content({ queue, letter }: { queue: QueueContents; letter: DeadLetter }) {
  return (
    <div tabIndex={0} role="region" aria-label={`Dead letter ${letter.id}`} className="focus-inset min-h-0 flex-1 overflow-auto">
      <HeldEventView key={letter.id} event={letter} buried={letter.buried} />
      <Attempts key={`${letter.id} attempts`} step={queue.step} event={letter} />
    </div>
  )
}

interface GoneLetterProps {
  id: number
  isFurther: boolean
  close: () => void
}

function GoneLetter({ id, isFurther, close }: GoneLetterProps) {
  return (
    <EmptyState icon={MailX} title={`Dead letter ${id} is not here`} action={<Button onClick={close}>All dead letters of the queue</Button>}>
      {isFurther
        ? 'It is not among the thousand oldest, which are all that can be shown. Redrive or purge some of them first.'
        : 'It was redriven or purged since. Its trace tells what became of it.'}
    </EmptyState>
  )
}
