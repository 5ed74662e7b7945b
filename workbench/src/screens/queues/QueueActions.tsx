import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CornerUpRight, Pause, Play, Trash2 } from 'lucide-react'
import { useState } from 'react'

import { api } from '../../api/client.ts'
import { explain } from '../../api/error.ts'
import { keys } from '../../api/queries.ts'
import type { QueueContents } from '../../api/types.ts'
import { useShortcuts } from '../../app/useShortcuts.ts'
import { Button } from '../../components/Button.tsx'
import { toast } from '../../components/toasts.ts'
import { PurgeDialog } from './PurgeDialog.tsx'
import { RedriveDialog } from './RedriveDialog.tsx'
import { describe, heldBy, type Redriven } from './words.ts'

interface QueueActionsProps {
  queue: QueueContents
  onRedriven: (redriven: Redriven) => void
}

/** What can be done with the whole queue. */
export function QueueActions({ queue, onRedriven }: QueueActionsProps) {
  const [open, setOpen] = useState<'purge' | 'move' | null>(null)
  const isEmpty = queue.dead === 0 && heldBy(queue) === 0
  const close = (): void => setOpen(null)
  return (
    <>
      {queue.orphan ? (
        <Button icon={CornerUpRight} disabled={isEmpty} onClick={() => setOpen('move')}>
          Move to a step…
        </Button>
      ) : (
        <PauseButton queue={queue} />
      )}
      <Button icon={Trash2} disabled={isEmpty} onClick={() => setOpen('purge')}>
        Purge…
      </Button>
      {open === 'purge' && <PurgeDialog queue={queue} onClose={close} />}
      {open === 'move' && <RedriveDialog queue={queue} letters={queue.deadLetters} isAll onRedriven={onRedriven} onClose={close} />}
    </>
  )
}

function PauseButton({ queue }: { queue: QueueContents }) {
  const { topic, step, kind, paused } = queue
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: () => api.post(`/queue/${paused ? 'resume' : 'pause'}`, { topic, step, kind }),
    onSuccess: () => {
      toast('ok', paused ? `Events of ${describe(queue)} are delivered again.` : `${describe(queue)} is paused: its events wait.`)
      void client.invalidateQueries({ queryKey: keys.queue(queue) })
      void client.invalidateQueries({ queryKey: keys.queues })
    },
    onError: (error) => toast('bad', explain(error)),
  })
  const run = (): void => {
    if (!change.isPending) change.mutate()
  }
  useShortcuts([{ keys: 'p', title: 'Pause or resume the queue', group: 'This screen', run }])
  return (
    <Button icon={paused ? Play : Pause} look={paused ? 'primary' : 'plain'} isBusy={change.isPending} onClick={run}>
      {paused ? 'Resume' : 'Pause'}
    </Button>
  )
}
