import { CircleAlert } from 'lucide-react'
import { Component, useEffect, useReducer, useState, type ReactNode } from 'react'

import { explain } from '../api/error.ts'
import { Button } from '../components/Button.tsx'
import { EmptyState, Skeleton } from '../components/states.tsx'
import type { Screen } from '../screens/registry.ts'
import { loaded, loadScreen } from './loadScreen.ts'

/** Where the screens appear. One that breaks says so, and leaves the others alone. */
export function Stage({ screen }: { screen: Screen }) {
  useEffect(() => {
    document.title = `${screen.title} · Workbench`
  }, [screen.title])
  return (
    <Boundary key={screen.name}>
      <Content screen={screen} />
    </Boundary>
  )
}

/** The screen as soon as its code is there. React would keep what it has once waited for back for 300 ms more. */
function Content({ screen }: { screen: Screen }) {
  const [, show] = useReducer((times: number) => times + 1, 0)
  const [failure, setFailure] = useState<{ error: unknown }>()
  const Loaded = loaded.get(screen.name)
  useEffect(() => {
    if (Loaded === undefined) loadScreen(screen).then(show, (error: unknown) => setFailure({ error }))
  }, [screen, Loaded])
  if (failure !== undefined) throw failure.error
  return Loaded === undefined ? <Skeleton /> : <Loaded />
}

class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null }

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <div role="alert" className="h-full">
        <EmptyState
          icon={CircleAlert}
          tone="bad"
          title="This screen has failed"
          action={<Button onClick={() => location.reload()}>Reload the page</Button>}
        >
          {explain(error)}
        </EmptyState>
      </div>
    )
  }
}
