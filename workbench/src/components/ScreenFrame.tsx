import type { ReactNode } from 'react'

interface ScreenProps {
  title: string
  /** Filters and a search, beside the title. */
  tools?: ReactNode
  /** Buttons, at the end of the line. */
  actions?: ReactNode
  children: ReactNode
}

/** The frame of a screen: one line of title, tools and actions, and its content below, which scrolls by itself. */
export function ScreenFrame({ title, tools, actions, children }: ScreenProps) {
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex min-h-11 shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-b px-4 py-1.5">
        <h2 className="text-base font-semibold">{title}</h2>
        {tools}
        <span className="flex-1" />
        {actions}
      </div>
      <div className="min-h-0 flex-1">{children}</div>
    </div>
  )
}
