import { useEffect, useRef, useState } from 'react'

import type { Reply } from './reply.ts'
import { send, type Sent } from './send.ts'

/** One request with its answer. */
export interface Exchange {
  isSending: boolean
  reply: Reply | null
  /** Why no answer came; empty when one did. */
  error: string
}

const NONE: Exchange = { isSending: false, reply: null, error: '' }
const LOST =
  'No answer came. The runtime may have been stopped, or the answer leads to another host, which this page may not load.'

interface Exchanging {
  exchange: Exchange
  start: (sent: Sent) => Promise<Reply | null>
  stop: () => void
}

/** Sends one request at a time; what comes quicker than the screen can show is shown together. */
export function useExchange(): Exchanging {
  const [exchange, setExchange] = useState(NONE)
  const current = useRef<AbortController>(null)
  useEffect(() => () => current.current?.abort(), [])
  const start = async (sent: Sent): Promise<Reply | null> => {
    current.current?.abort()
    const own = (current.current = new AbortController())
    let last: Reply | null = null
    let frame = 0
    const show = (): void => {
      frame = 0
      if (current.current === own) setExchange({ isSending: last?.isComplete !== true, reply: last, error: '' })
    }
    setExchange({ ...NONE, isSending: true })
    try {
      await send(sent, own.signal, (reply) => {
        last = reply
        if (frame === 0) frame = requestAnimationFrame(show)
      })
      cancelAnimationFrame(frame)
      show()
    } catch {
      if (current.current === own) setExchange({ ...NONE, error: own.signal.aborted ? 'You have stopped it.' : LOST })
    }
    return last
  }
  return { exchange, start, stop: () => current.current?.abort() }
}
