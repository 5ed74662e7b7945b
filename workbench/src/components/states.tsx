import { CircleAlert, PlugZap, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

import { ApiError, explain } from '../api/error.ts'
import { Button } from './Button.tsx'
import { classes } from './classes.ts'
import { CopyButton } from './CopyButton.tsx'

interface StateProps {
  icon: LucideIcon
  title: string
  tone?: 'noop' | 'bad' | 'warn'
  /** What it means, and how to get something here. */
  children?: ReactNode
  /** A line for the terminal that does so. */
  command?: string
  action?: ReactNode
}

const ICONS = { noop: 'bg-noop-soft text-noop', bad: 'bg-bad-soft text-bad', warn: 'bg-warn-soft text-warn' }

/** What a screen shows where it has nothing: it teaches what would be here and how it comes. */
export function EmptyState({ icon: Icon, title, tone = 'noop', children, command, action }: StateProps) {
  return (
    <div className="flex h-full min-h-64 flex-col items-center justify-center gap-3 overflow-auto p-8 text-center">
      <span className={classes('flex size-10 items-center justify-center rounded-lg', ICONS[tone])}>
        <Icon size={20} aria-hidden />
      </span>
      <h2 className="text-lg font-semibold">{title}</h2>
      {children && <div className="max-w-prose text-muted">{children}</div>}
      {command !== undefined && <Command line={command} />}
      {action}
    </div>
  )
}

/** A line for the terminal. */
export function Command({ line }: { line: string }) {
  return (
    <div className="flex max-w-full items-center gap-1 rounded-md border bg-sunken py-1 pr-1 pl-3">
      <code className="min-w-0 text-left font-mono text-sm break-words whitespace-pre-wrap">{line}</code>
      <CopyButton text={line} label="Copy the command" />
    </div>
  )
}

/** What a screen shows when it could not read its data. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  if (error instanceof ApiError && error.isUnreachable) return <Gone />
  if (error instanceof ApiError && error.isUnknownRoute) return <Unknown error={error} />
  return (
    <div role="alert" className="h-full">
      <EmptyState
        icon={CircleAlert}
        tone="bad"
        title="This could not be read"
        action={retry && <Button onClick={retry}>Try again</Button>}
      >
        {explain(error)}
      </EmptyState>
    </div>
  )
}

function Gone() {
  return (
    <div role="alert" className="h-full">
      <EmptyState icon={PlugZap} tone="warn" title="The runtime does not answer" command="runtime dev">
        It has been stopped, or it is starting. Start it in the project’s folder: the Workbench connects again by itself,
        and nothing here is lost.
      </EmptyState>
    </div>
  )
}

function Unknown({ error }: { error: ApiError }) {
  return (
    <div role="alert" className="h-full">
      <EmptyState icon={CircleAlert} tone="warn" title="This runtime does not have it">
        The runtime is another version than this Workbench: {error.message}. Restart it, then reload the page.
      </EmptyState>
    </div>
  )
}

/** Grey lines where text will be. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-3 p-4">
      {Array.from({ length: rows }, (_, at) => (
        <span key={at} className={classes('shimmer h-4 rounded-sm bg-noop-soft', at % 3 === 2 ? 'w-1/2' : 'w-4/5')} />
      ))}
    </div>
  )
}
