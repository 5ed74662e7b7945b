import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'

import { Live, openLive, type LiveState } from './live.ts'
import { onToken } from './token.ts'
import type { LiveEvents, LiveTopic } from './types.ts'

/** The connection of this page. */
export const live = new Live(openLive)

/** Follows the visibility of the page, the network and the token; to be called once. */
export function startLive(): void {
  document.addEventListener('visibilitychange', () => live.setHidden(document.hidden))
  addEventListener('online', () => live.reconnect())
  onToken(() => live.reconnect())
}

/** Calls back with what comes of a topic while the component is there. */
export function useLive<T extends LiveTopic>(topic: T, listener: (data: LiveEvents[T]) => void): void {
  const hear = useEffectEvent(listener)
  useEffect(() => live.on(topic, (data) => hear(data)), [topic])
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(live.watch, live.snapshot)
}
