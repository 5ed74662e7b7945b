import { useEffect, useEffectEvent, useState } from 'react'

import { RoomSocket, type Room, type RoomStatus, type StreamFrame } from './streamSocket.ts'

export interface RoomState {
  status: RoomStatus
  /** Why it is denied. */
  why: string
}

/** Is in a room while the component is there, and calls back with its frames. */
export function useRoom({ streamName, groupId, id }: Room, onFrame: (frame: StreamFrame) => void): RoomState {
  const [state, setState] = useState<RoomState>({ status: 'connecting', why: '' })
  const hear = useEffectEvent(onFrame)
  useEffect(() => {
    const room = id === undefined ? { streamName, groupId } : { streamName, groupId, id }
    const listener = {
      frame: (frame: StreamFrame) => hear(frame),
      status: (status: RoomStatus, why: string) => setState({ status, why }),
    }
    const socket = new RoomSocket(room, listener)
    return () => socket.close()
  }, [streamName, groupId, id])
  return state
}
