import { useEffect, useEffectEvent } from 'react'

import { Gather } from './gather.ts'
import type { LiveEvents } from './types.ts'
import { live } from './useLive.ts'

/** Calls back with what has changed, many at a time where much does; and with nothing when everything is to be read again. */
export function useChanges<T extends 'state' | 'items'>(topic: T, changed: (all: LiveEvents[T]) => void): void {
  const hear = useEffectEvent((all: LiveEvents[T][number][]) => changed(all as LiveEvents[T]))
  useEffect(() => {
    const gather = new Gather<LiveEvents[T][number]>((all) => hear(all))
    const off = live.on(topic, (data) => gather.add(data as LiveEvents[T][number][]))
    return () => {
      off()
      gather.stop()
    }
  }, [topic])
}
