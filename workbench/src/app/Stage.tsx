import { CircleAlert } from 'lucide-react'
import { Component, lazy, Suspense, useEffect, type ComponentType, type ReactNode } from 'react'

import { explain } from '../api/error.ts'
import { Button } from '../components/Button.tsx'
import { EmptyState, Skeleton } from '../components/states.tsx'
import type { Screen } from '../screens/registry.ts'
import { screens } from '../screens/registry.ts'

const loaded = new Map<string, ComponentType>(screens.map(({ name, load }) => [name, lazy(load)]))

/** Where the screens appear. One that breaks says so, and leaves the others alone. */
export function Stage({ screen }: { screen: Screen }) {
  const Content = loaded.get(screen.name)
  useEffect(() => {
    document.title = `${screen.title} · Workbench`
  }, [screen.title])
  return (
    <Boundary key={screen.name}>
      <Suspense fallback={<Skeleton />}>{Content && <Content />}</Suspense>
    </Boundary>
  )
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
