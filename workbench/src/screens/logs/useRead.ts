import { useMemo, useState } from 'react'

/** Reads of one thing, of which at most one is under way. */
export function useRead() {
  const [error, setError] = useState<unknown>(null)
  const reads = useMemo(() => new Reads(setError), [])
  return { reads, error }
}

export class Reads {
  private current: AbortController | undefined

  constructor(private readonly failed: (error: unknown) => void) {}

  get isUnderWay(): boolean {
    return this.current !== undefined
  }

  stop(): void {
    this.current?.abort()
    this.current = undefined
  }

  /** Reads in place of what was being read; what comes of a read that was replaced is nobody's business any more. */
  async begin<T>(ask: (signal: AbortSignal) => Promise<T>, then: (answer: T) => void): Promise<void> {
    this.stop()
    const own = (this.current = new AbortController())
    try {
      const answer = await ask(own.signal)
      if (own.signal.aborted) return
      // Before it is passed on, for that may begin the next one.
      this.current = undefined
      this.failed(null)
      then(answer)
    } catch (failure) {
      if (own.signal.aborted) return
      this.current = undefined
      this.failed(failure)
    }
  }
}
