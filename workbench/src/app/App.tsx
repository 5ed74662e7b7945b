import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useState, useSyncExternalStore } from 'react'

import { ApiError } from '../api/error.ts'
import { currentToken, onToken, setToken, tokenOfPage } from '../api/token.ts'
import { Shell } from './Shell.tsx'
import { TokenGate } from './TokenGate.tsx'

const STALE = 2000
const RETRIES = 2
const PAUSE = 500

function makeClient(refused: (token: string) => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => error instanceof ApiError && error.isUnauthorized && refused(currentToken()),
    }),
    defaultOptions: {
      queries: {
        staleTime: STALE,
        // What the runtime has refused it refuses again; only its silence may end.
        retry: (failures, error) => failures < RETRIES && error instanceof ApiError && error.isUnreachable,
        retryDelay: PAUSE,
        refetchOnWindowFocus: true,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}

/** Tokens that were refused, each of which is looked after once. */
const looked = new Set<string>()

/** The runtime may have been started again since the page was opened: then the page has another token by now. */
async function renew(client: QueryClient, token: string, refused: (token: string) => void): Promise<void> {
  if (looked.has(token)) return
  looked.add(token)
  const next = await tokenOfPage().catch(() => '')
  if (next === '' || next === token) return refused(token)
  setToken(next)
  await client.invalidateQueries()
}

export function App() {
  const [refused, setRefused] = useState<string | null>(null)
  // An old token of this tab is refused as well; of that one nobody has done anything wrong.
  const [typed, setTyped] = useState<string | null>(null)
  const [client] = useState(() => {
    const made: QueryClient = makeClient((token) => void renew(made, token, setRefused))
    return made
  })
  const token = useSyncExternalStore(onToken, currentToken)
  const accept = (next: string): void => {
    setTyped(next)
    setToken(next)
  }
  if (token === '' || token === refused) return <TokenGate wasRefused={token !== '' && token === typed} onToken={accept} />
  return (
    <QueryClientProvider client={client}>
      <Shell />
    </QueryClientProvider>
  )
}
