import { useCallback, useLayoutEffect, useRef } from 'react'

/** A function that stays the same for as long as the component is there, and does what was last given. */
export function useStable<Given extends unknown[]>(run: (...given: Given) => void): (...given: Given) => void {
  const latest = useRef(run)
  useLayoutEffect(() => {
    latest.current = run
  })
  return useCallback((...given) => latest.current(...given), [])
}
