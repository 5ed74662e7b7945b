import { useQueryClient } from '@tanstack/react-query'

import { api } from '../api/client.ts'
import { ConfirmDialog } from '../components/Dialog.tsx'
import { toast } from '../components/toasts.ts'
import { counted } from '../format/count.ts'

/** Asks, and then deletes what has been recorded of all runs. */
export function ClearTraces({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const clear = async (): Promise<void> => {
    const { deleted } = await api.delete<{ deleted: number }>('/traces')
    await client.invalidateQueries()
    toast('ok', `${counted(deleted, 'record')} deleted.`)
  }
  return (
    <ConfirmDialog title="Clear all traces and logs?" deed="Clear traces and logs" onConfirm={clear} onClose={onClose}>
      What has been recorded of past runs is gone for good. Events, dead letters, state and streams stay.
    </ConfirmDialog>
  )
}
