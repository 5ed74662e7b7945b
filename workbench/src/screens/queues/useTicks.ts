import { useState } from 'react'

import type { DeadLetter } from '../../api/types.ts'

export interface Ticks {
  has: (letter: DeadLetter) => boolean
  /** All of them ticked, or none if all were. */
  toggle: (letters: readonly DeadLetter[]) => void
  clear: () => void
}

/** Which dead letters are ticked; those that are gone do not count. */
export function useTicks(): Ticks {
  const [ids, setIds] = useState<ReadonlySet<number>>(new Set())
  return {
    has: ({ id }) => ids.has(id),
    toggle: (letters) => {
      const own = letters.map(({ id }) => id)
      const isAll = own.every((id) => ids.has(id))
      setIds(new Set(isAll ? [...ids].filter((id) => !own.includes(id)) : [...ids, ...own]))
    },
    clear: () => setIds(new Set()),
  }
}
