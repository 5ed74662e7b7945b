import { useQueryClient } from '@tanstack/react-query'

import { useLive } from '../../api/useLive.ts'

/** Reads custom nodes again when the project's files have changed. */
export function useLiveNodes(): void {
  const client = useQueryClient()
  useLive('project', () => void client.invalidateQueries({ queryKey: ['node'] }))
}
