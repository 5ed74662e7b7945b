import { useId, type KeyboardEvent, type ReactNode } from 'react'

import { classes } from './classes.ts'

export interface Tab<T extends string> {
  id: T
  title: string
  /** A number beside the title, such as how many there are. */
  count?: number | undefined
  panel: () => ReactNode
}

interface TabsProps<T extends string> {
  label: string
  tabs: readonly Tab<T>[]
  selected: T
  onSelect: (id: T) => void
}

/** Panels of which one is shown; arrow keys go from tab to tab. */
export function Tabs<T extends string>({ label, tabs, selected, onSelect }: TabsProps<T>) {
  const base = useId()
  const shown = tabs.find(({ id }) => id === selected) ?? tabs[0]
  const move = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by === undefined || shown === undefined) return
    const next = tabs[(tabs.indexOf(shown) + by + tabs.length) % tabs.length]
    if (next === undefined) return
    event.preventDefault()
    onSelect(next.id)
    document.getElementById(`${base}-${next.id}`)?.focus()
  }
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div role="tablist" aria-label={label} onKeyDown={move} className="flex shrink-0 gap-1 overflow-x-auto border-b px-3">
        {tabs.map(({ id, title, count }) => (
          <button
            key={id}
            id={`${base}-${id}`}
            type="button"
            role="tab"
            aria-selected={id === shown?.id}
            aria-controls={`${base}-panel`}
            tabIndex={id === shown?.id ? 0 : -1}
            onClick={() => onSelect(id)}
            className={classes(
              'focus-inset -mb-px flex h-9 items-center gap-1.5 border-b-2 px-2 whitespace-nowrap',
              id === shown?.id ? 'border-accent font-medium text-ink' : 'border-transparent text-muted hover:text-ink',
            )}
          >
            {title}
            {count !== undefined && count > 0 && <span className="tabular text-xs text-faint">{count}</span>}
          </button>
        ))}
      </div>
      <div id={`${base}-panel`} role="tabpanel" aria-labelledby={`${base}-${shown?.id}`} className="min-h-0 flex-1 overflow-auto">
        {shown?.panel()}
      </div>
    </div>
  )
}
