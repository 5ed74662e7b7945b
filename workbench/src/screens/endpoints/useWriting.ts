import { useState } from 'react'

import { firstDraft, type Auth, type Draft } from './draft.ts'
import type { Endpoint } from './endpoints.ts'
import { Kept, type Past } from './kept.ts'

/** What was written and not sent yet, for as long as the page is open. */
const drafts = new Map<string, Draft>()

/** The request of an endpoint as a person writes it, with what is kept of earlier ones. */
export interface Writing {
  draft: Draft
  auth: Auth
  history: readonly Past[]
  change: (change: Partial<Draft>) => void
  replace: (draft: Draft) => void
  setAuth: (auth: Auth) => void
  remember: (past: Past) => void
  forget: () => void
}

export function useWriting(project: string, endpoint: Endpoint): Writing {
  const { id } = endpoint
  const [kept] = useState(() => new Kept(project, localStorage))
  const [draft, setDraft] = useState(() => drafts.get(id) ?? firstDraft(endpoint))
  const [auth, setAuth] = useState(() => kept.auth(id))
  const [history, setHistory] = useState(() => kept.history(id))
  const replace = (next: Draft): void => {
    drafts.set(id, next)
    setDraft(next)
  }
  return {
    draft,
    auth,
    history,
    replace,
    change: (change) => replace({ ...draft, ...change }),
    setAuth: (next) => {
      kept.setAuth(id, next)
      setAuth(next)
    },
    remember: (past) => setHistory(kept.add(id, past)),
    forget: () => {
      kept.clear(id)
      setHistory([])
    },
  }
}
