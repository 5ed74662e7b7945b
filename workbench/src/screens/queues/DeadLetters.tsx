import { CircleCheck, RotateCw } from 'lucide-react'
import { useMemo, useState } from 'react'

import type { DeadLetter, QueueContents } from '../../api/types.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { Button } from '../../components/Button.tsx'
import { EmptyState } from '../../components/states.tsx'
import { counted, formatCount } from '../../format/count.ts'
import { causesOf } from './causes.ts'
import { LetterList } from './LetterList.tsx'
import { RedriveDialog } from './RedriveDialog.tsx'
import { useTicks } from './useTicks.ts'
import { describe, type Redriven } from './words.ts'

interface DeadLettersProps {
  queue: QueueContents
  showMore: (() => void) | null
  openLetter: (id: number) => void
  onRedriven: (redriven: Redriven) => void
}

interface Asked {
  letters: readonly DeadLetter[]
  isAll: boolean
}

/** The dead letters by what they died of, and how they become events again: one, some, a cause or all. */
export function DeadLetters({ queue, showMore, openLetter, onRedriven }: DeadLettersProps) {
  const { deadLetters } = queue
  const causes = useMemo(() => causesOf(deadLetters), [deadLetters])
  const ticks = useTicks()
  const [asked, setAsked] = useState<Asked | null>(null)
  const ticked = deadLetters.filter(ticks.has)
  const some = ticked.length > 0
  const ask = (): void => setAsked(some ? { letters: ticked, isAll: false } : { letters: deadLetters, isAll: true })
  useShortcuts([{ keys: 'r', title: 'Redrive what is ticked, or all', group: 'This screen', run: () => deadLetters.length > 0 && ask() }])
  const done = (redriven: Redriven): void => {
    ticks.clear()
    onRedriven(redriven)
  }
  return (
    <>
      {deadLetters.length === 0 ? (
        <NoDeadLetters queue={queue} />
      ) : (
        <div className="flex h-full min-h-0 flex-col">
          <div className="flex shrink-0 flex-wrap items-center gap-2 border-b px-4 py-1.5">
            <span className="text-sm text-muted">
              {some ? `${formatCount(ticked.length)} of ${formatCount(queue.dead)} ticked` : counted(causes.length, 'cause')}
              {queue.dead > deadLetters.length && `, of the ${formatCount(deadLetters.length)} oldest`}
            </span>
            {showMore && queue.dead > deadLetters.length && <Button look="quiet" onClick={showMore}>Show more</Button>}
            <span className="flex-1" />
            {some && <Button look="quiet" onClick={ticks.clear}>Untick</Button>}
            <Button icon={RotateCw} onClick={ask}>
              {some ? `Redrive ${formatCount(ticked.length)} ticked…` : `Redrive all ${formatCount(queue.dead)}…`}
            </Button>
          </div>
          <LetterList causes={causes} ticks={ticks} open={openLetter} redrive={(letters) => setAsked({ letters, isAll: false })} />
        </div>
      )}
      {asked && <RedriveDialog queue={queue} letters={asked.letters} isAll={asked.isAll} onRedriven={done} onClose={() => setAsked(null)} />}
    </>
  )
}

function NoDeadLetters({ queue }: { queue: QueueContents }) {
  const { policy, dead } = queue
  const retries = policy?.maxRetries ?? 0
  if (dead > 0) return null
  return (
    <EmptyState icon={CircleCheck} title="No dead letters">
      An event of {describe(queue)} whose attempts are used up
      {policy && ` (the first and ${retries === 1 ? 'one retry' : `${formatCount(retries)} retries`})`} is kept here, with the failure of
      each. Nothing is lost: mend the step, and redrive it.
    </EmptyState>
  )
}
