import { useMutation } from '@tanstack/react-query'
import { Play } from 'lucide-react'

import { api } from '../../api/client.ts'
import { explain } from '../../api/error.ts'
import { formatRoute } from '../../app/route.ts'
import { places } from '../../app/places.ts'
import { Button } from '../../components/Button.tsx'
import { toast } from '../../components/toasts.ts'

/** Runs a step as if its time had come, and gives the event that stands for it. */
export function useRunNow(step: string) {
  return useMutation({
    mutationFn: async () => (await api.post<{ id: string }>('/cron/trigger', { step })).id,
    onError: (error) => toast('bad', explain(error)),
  })
}

export function RunNow({ step, isShort = false }: { step: string; isShort?: boolean }) {
  const { mutate, isPending } = useRunNow(step)
  return (
    <Button
      icon={Play}
      className={isShort ? 'h-6' : ''}
      isBusy={isPending}
      aria-label={`Run ${step} now`}
      onClick={(event) => {
        event.stopPropagation()
        mutate(undefined, { onSuccess: () => toast('ok', `${step} was asked to run.`, formatRoute(places.cron(step))) })
      }}
    >
      {isShort ? 'Run' : 'Run now'}
    </Button>
  )
}
