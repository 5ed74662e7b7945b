import { Search } from 'lucide-react'
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'

import { useProject } from '../../api/queries.ts'
import { classes } from '../../components/classes.ts'
import { screens } from '../../screens/registry.ts'
import { nextTheme } from '../../theme/theme.ts'
import { navigate } from '../useRoute.ts'
import { commandsOf, traceCommand, type Command } from './commands.ts'
import { ranked } from './rank.ts'

const MOST = 50

/** Finds screens, endpoints, steps, traces and actions by what is typed. */
export function Palette({ onClose, clearTraces }: { onClose: () => void; clearTraces: () => void }) {
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  const found = useFound(typed, clearTraces)
  // Closed while it is still in the page: only so the focus goes back to where it was.
  useLayoutEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])
  useEffect(() => {
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' })
  }, [id, at])
  const run = (command: Command | undefined): void => {
    onClose()
    command?.run()
  }
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') run(found[at])
    else if (event.key === 'ArrowDown') setAt(Math.min(at + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0))
    else return
    event.preventDefault()
  }
  return (
    <dialog
      ref={dialog}
      aria-label="Find anything"
      onCancel={onClose}
      onMouseDown={(event) => event.target === dialog.current && onClose()}
      className="mx-auto mt-[12vh] w-[600px] max-w-[92vw] overflow-hidden rounded-lg border bg-raised p-0 text-ink shadow-xl backdrop:bg-shade"
    >
      <div className="flex items-center gap-2 border-b px-3">
        <Search size={16} aria-hidden className="shrink-0 text-faint" />
        <input
          autoFocus
          role="combobox"
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length > 0 ? `${id}-${at}` : undefined}
          aria-label="Screen, endpoint, step, trace id or action"
          placeholder="Screen, endpoint, step, trace id or action"
          spellCheck={false}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            setAt(0)
          }}
          onKeyDown={press}
          className="h-11 w-full bg-transparent text-lg outline-none"
        />
      </div>
      <ul id={`${id}-list`} role="listbox" aria-label="Results" className="max-h-[50vh] overflow-y-auto p-1.5">
        {found.map((command, index) => (
          <Result key={command.id} id={`${id}-${index}`} command={command} isSelected={index === at} onPoint={() => setAt(index)} onRun={() => run(command)} />
        ))}
        {found.length === 0 && <li className="p-3 text-center text-muted">Nothing is called like that.</li>}
      </ul>
    </dialog>
  )
}

interface ResultProps {
  id: string
  command: Command
  isSelected: boolean
  onPoint: () => void
  onRun: () => void
}

function Result({ id, command, isSelected, onPoint, onRun }: ResultProps) {
  const { icon: Icon, title, hint } = command
  return (
    <li
      id={id}
      role="option"
      aria-selected={isSelected}
      onMouseMove={onPoint}
      onClick={onRun}
      className={classes('flex h-9 items-center gap-2.5 rounded-md px-2.5', isSelected && 'bg-selected')}
    >
      <Icon size={15} aria-hidden className="shrink-0 text-muted" />
      <span className="min-w-0 flex-1 truncate">{title}</span>
      <span className="max-w-[45%] truncate text-sm text-faint">{hint}</span>
    </li>
  )
}

function useFound(typed: string, clearTraces: () => void): Command[] {
  const { data: project } = useProject()
  const all = useMemo(
    () => commandsOf({ screens, project, go: navigate, changeTheme: nextTheme, clearTraces }),
    [project, clearTraces],
  )
  const trace = traceCommand(typed, navigate)
  const found = ranked(typed, all, ({ title, hint }) => `${title} ${hint}`, MOST)
  return trace === undefined ? found : [trace, ...found]
}
