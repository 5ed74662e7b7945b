import { useQuery } from '@tanstack/react-query'
import { Component, useEffect, useMemo, useState, type ReactNode } from 'react'

import { explain } from '../api/error.ts'
import type { Step } from '../api/types.ts'
import { classes } from '../components/classes.ts'
import { languageOf } from '../format/language.ts'
import { NumberStrip } from '../screens/flow/Numbers.tsx'
import { runs } from '../screens/flow/sizes.ts'
import { useTheme } from '../theme/theme.ts'
import { nodeData } from './data.ts'
import { loadNode } from './load.ts'
import { SCOPE } from './stylesheet.ts'

interface CustomNodeProps {
  step: Step
  file: string
  /** What is drawn in its place while it comes, and where it is broken, then with the reason. */
  fallback: (fault: string) => ReactNode
  /** Hears what is wrong with a file; the empty text when nothing is. */
  onFault: (file: string, fault: string) => void
}

/** A step as the component beside it draws it. */
export default function CustomNode({ step, file, fallback, onFault }: CustomNodeProps) {
  const { data: node, error } = useQuery({
    queryKey: ['node', file],
    queryFn: ({ signal }) => loadNode(file, signal),
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    retry: false,
  })
  const theme = useTheme()
  const data = useMemo(() => nodeData(step), [step])
  const [thrown, setThrown] = useState({ text: '', fault: '' })
  const fault = error !== null ? explain(error) : thrown.text === node?.text ? thrown.fault : ''
  useEffect(() => {
    if (fault !== '' || node !== undefined) onFault(file, fault)
  }, [file, fault, node, onFault])
  if (fault !== '' || node === undefined) return fallback(fault)
  const { component: Drawn, text } = node
  return (
    <Boundary key={text} onThrown={(cause) => setThrown({ text, fault: `${file} throws: ${explain(cause)}` })}>
      <div ref={adapt} className={classes(SCOPE, theme === 'dark' && 'is-dark')}>
        <Drawn data={data} />
      </div>
      {/* Not shown where the box has the numbers itself. */}
      {runs(step) && <NumberStrip name={step.name} language={languageOf(step.file, step.language)} />}
    </Boundary>
  )
}

/**
 * Cards with a ground of their own are drawn as on a light page, whatever the theme, for what they do not say of their
 * text is meant so; what has no ground takes the page's. Classes with `dark:` follow the theme.
 */
function adapt(box: HTMLDivElement | null): void {
  const [drawn] = box?.children ?? []
  if (box === null || drawn === undefined) return
  const { backgroundColor, backgroundImage } = getComputedStyle(drawn)
  const isBare = backgroundImage === 'none' && /^(transparent|rgba\(.*, 0\))$/.test(backgroundColor)
  if (!isBare) box.dataset['card'] = ''
  else delete box.dataset['card']
}

interface BoundaryProps {
  onThrown: (cause: unknown) => void
  children: ReactNode
}

/** Keeps what a component throws from the rest of the graph; what is drawn then its parent says. */
class Boundary extends Component<BoundaryProps, { hasThrown: boolean }> {
  override state = { hasThrown: false }

  static getDerivedStateFromError(): { hasThrown: boolean } {
    return { hasThrown: true }
  }

  override componentDidCatch(cause: unknown): void {
    this.props.onThrown(cause)
  }

  override render(): ReactNode {
    return this.state.hasThrown ? null : this.props.children
  }
}
