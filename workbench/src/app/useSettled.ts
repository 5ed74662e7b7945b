import { useEffect, useRef, useState } from 'react'

/** Milliseconds after a key in which somebody who types presses the next one. */
const PAUSE = 120
/** Milliseconds after which a change is not one of many. */
const QUIET = 400

/** A text as it is asked for: at once when it changes after a while, and what changes at every moment once it rests. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  const changed = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    if (text === settled) return
    const now = performance.now()
    const wait = now - changed.current > QUIET ? 0 : PAUSE
    changed.current = now
    const timer = setTimeout(() => setSettled(text), wait)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
