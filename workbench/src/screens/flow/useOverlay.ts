import { useEffect, useSyncExternalStore } from 'react'

import { useQueues } from '../../api/queries.ts'
import { live, useLive } from '../../api/useLive.ts'
import type { StepTotals } from '../../api/types.ts'
import { Overlay, type QueueDepth } from './overlay.ts'
import type { Emitted } from './graph.ts'

/** The numbers of this page. */
export const overlay = new Overlay()

/** Keeps the numbers up to date; to be called once, by the screen. */
export function useOverlayUpdates(): void {
  useLive('steps', (totals) => overlay.addSteps(totals))
  useLive('edges', (totals) => overlay.addEdges(totals))
  const { data: queues } = useQueues()
  useEffect(() => {
    if (queues) overlay.setQueues(queues)
  }, [queues])
  useEffect(() => {
    // What happened while another screen was shown was not heard: a new connection begins with all totals.
    live.reconnect()
    return live.onResumed(() => overlay.clear())
  }, [])
}

export function useStepTotals(name: string): StepTotals | undefined {
  return useSyncExternalStore(overlay.watch, () => overlay.step(name))
}

export function useQueueDepth(name: string): QueueDepth | undefined {
  return useSyncExternalStore(overlay.watch, () => overlay.queue(name))
}

export function useEmitted(step: string, topic: string): number {
  return useSyncExternalStore(overlay.watch, () => overlay.count({ step, topic }))
}

export function useSeen(): readonly Emitted[] {
  return useSyncExternalStore(overlay.watch, overlay.seen)
}

export function useFault(file: string): string {
  return useSyncExternalStore(overlay.watch, () => overlay.fault(file))
}
