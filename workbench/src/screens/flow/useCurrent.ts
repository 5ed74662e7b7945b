import { useState } from 'react'

/** The node that keys start from, and the ask for the focus that it serves; 0 for none. */
export interface Current {
  id: string | null
  focus: number
}

/** Keeps the node that keys start from; it follows the step that is open. */
export function useCurrent(open: string | null): { current: Current; setCurrent: (id: string, focus?: number) => void } {
  const [current, setCurrent] = useState<Current>({ id: open, focus: 0 })
  // A link, or the search of everything, may ask for a step while the screen is shown.
  const [asked, setAsked] = useState(open)
  if (asked !== open) {
    setAsked(open)
    if (open !== null && open !== current.id) setCurrent({ id: open, focus: 0 })
  }
  return { current, setCurrent: (id, focus = 0) => setCurrent({ id, focus }) }
}
