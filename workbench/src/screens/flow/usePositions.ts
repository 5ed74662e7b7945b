import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'

import { api } from '../../api/client.ts'
import { explain } from '../../api/error.ts'
import { useLive } from '../../api/useLive.ts'
import { toast } from '../../components/toasts.ts'
import type { Point } from './layout.ts'
import { chosenOf, withMoves, type Moves, type SavedFlow } from './saved.ts'

/** All that is saved, of every flow. */
export const savedFlows = queryOptions({
  queryKey: ['layout'],
  queryFn: async ({ signal }) => (await api.get<{ flows: SavedFlow[] }>('/layout', {}, signal)).flows,
  staleTime: Number.POSITIVE_INFINITY,
})

/** After the last move; one write for all that were moved one after the other. */
const PAUSE = 600
const NONE: Moves = new Map()

export interface Positions {
  /** What the person has chosen, by node. */
  chosen: ReadonlyMap<string, Point>
  /** Whether it is known yet. */
  isKnown: boolean
  move: (moves: Moves) => void
  /** Forgets all positions of the flow. */
  reset: () => void
}

/** Positions of a flow's nodes in `motia-workbench.json`; only what was moved is written. */
export function usePositions(flow: string): Positions {
  const client = useQueryClient()
  const { data: flows, isPending } = useQuery(savedFlows)
  useLive('project', () => void client.invalidateQueries(savedFlows))
  const save = useCallback(
    async (moves: Moves) => {
      try {
        const saved = await api.put<{ flows: SavedFlow[] }>('/layout', {}, { flow, positions: Object.fromEntries([...moves].map(plain)) })
        client.setQueryData(savedFlows.queryKey, saved.flows)
      } catch (error) {
        toast('bad', `The positions were not saved: ${explain(error)}`)
      }
    },
    [flow, client],
  )
  const { unsaved, move } = useGathered(save)
  const chosen = useMemo(() => withMoves(chosenOf(flows ?? [], flow), unsaved), [flows, flow, unsaved])
  const reset = (): void => move(new Map([...chosen.keys()].map((id) => [id, null])))
  return { chosen, isKnown: !isPending, move, reset }
}

/** Gathers moves until there are no more for a moment, or the flow is left; they count until they are saved. */
function useGathered(save: (moves: Moves) => Promise<void>): { unsaved: Moves; move: (moves: Moves) => void } {
  const [unsaved, setUnsaved] = useState(NONE)
  const waiting = useRef(NONE)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const flush = useCallback(async () => {
    clearTimeout(timer.current)
    const moves = waiting.current
    if (moves.size === 0) return
    waiting.current = NONE
    await save(moves)
    setUnsaved((now) => new Map([...now].filter(([id, place]) => moves.get(id) !== place)))
  }, [save])
  useEffect(() => () => void flush(), [flush])
  const move = (moves: Moves): void => {
    waiting.current = new Map([...waiting.current, ...moves])
    setUnsaved((now) => new Map([...now, ...moves]))
    clearTimeout(timer.current)
    timer.current = setTimeout(() => void flush(), PAUSE)
  }
  return { unsaved, move }
}

function plain([id, place]: [string, Point | null]): [string, { x: number; y: number } | null] {
  return [id, place && { x: place.x, y: place.y }]
}
