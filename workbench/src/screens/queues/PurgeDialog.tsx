import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { api } from '../../api/client.ts'
import { keys } from '../../api/queries.ts'
import type { Queue } from '../../api/types.ts'
import { ConfirmDialog } from '../../components/Dialog.tsx'
import { toast } from '../../components/toasts.ts'
import { counted } from '../../format/count.ts'
import { describe } from './words.ts'

type What = 'dead' | 'waiting'

interface PurgeDialogProps {
  queue: Queue
  onClose: () => void
}

/** Asks, and then forgets what a queue holds. */
export function PurgeDialog({ queue, onClose }: PurgeDialogProps) {
  const { topic, step, kind, dead, waiting, delayed } = queue
  const client = useQueryClient()
  const [what, setWhat] = useState<What>(dead > 0 ? 'dead' : 'waiting')
  const texts: Record<What, string> = {
    dead: counted(dead, 'dead letter'),
    waiting: counted(waiting + delayed, 'event'),
  }
  const purge = async (): Promise<void> => {
    const { purged } = await api.post<{ purged: number }>('/queue/purge', { topic, step, kind }, { what })
    void client.invalidateQueries({ queryKey: keys.queue(queue) })
    void client.invalidateQueries({ queryKey: keys.queues })
    toast('ok', `${counted(purged, what === 'dead' ? 'dead letter' : 'event')} of ${describe(queue)} forgotten.`)
  }
  return (
    <ConfirmDialog title={`Purge ${describe(queue)}?`} deed={`Forget ${texts[what]}`} onConfirm={purge} onClose={onClose}>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-2 text-muted">What is purged is gone for good. Events that run now are left to end.</legend>
        {(['dead', 'waiting'] as const).map((each) => (
          <label key={each} className="flex items-center gap-2">
            <input type="radio" name="what" checked={what === each} onChange={() => setWhat(each)} className="accent-fill" />
            {texts[each]} {each === 'dead' ? 'with the failures of their attempts' : 'that wait or are delayed'}
          </label>
        ))}
      </fieldset>
    </ConfirmDialog>
  )
}
