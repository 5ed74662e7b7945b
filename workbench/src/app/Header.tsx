import { Keyboard, Monitor, Moon, Search, Sun, TriangleAlert } from 'lucide-react'

import { useProject } from '../api/queries.ts'
import { useLiveState } from '../api/useLive.ts'
import type { LiveState } from '../api/live.ts'
import { Badge, type Tone } from '../components/Badge.tsx'
import { IconButton } from '../components/Button.tsx'
import { classes } from '../components/classes.ts'
import { Kbd } from '../components/Kbd.tsx'
import { counted } from '../format/count.ts'
import { nextTheme, useThemeChoice } from '../theme/theme.ts'
import { faultsOf } from './faults.ts'

interface HeaderProps {
  openPalette: () => void
  openProblems: () => void
  openHelp: () => void
}

export function Header({ openPalette, openProblems, openHelp }: HeaderProps) {
  const { data: project } = useProject()
  return (
    <header className="col-span-2 flex h-11 items-center gap-3 border-b bg-canvas pr-2 pl-4">
      <Mark />
      <h1 className="min-w-0 truncate text-base font-semibold" title={project?.address}>
        {project?.name ?? 'Workbench'}
      </h1>
      {project && project.mode !== 'development' && <Badge tone="warn">{project.mode}</Badge>}
      <Connection />
      <Problems open={openProblems} />
      <span className="flex-1" />
      <PaletteButton open={openPalette} />
      <IconButton icon={Keyboard} label="Keyboard shortcuts (?)" onClick={openHelp} />
      <ThemeToggle />
    </header>
  )
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className="size-5 shrink-0">
      <rect width="32" height="32" rx="8" className="fill-fill" />
      <path d="M9 10h7a4 4 0 0 1 4 4v4a4 4 0 0 0 4 4" fill="none" className="stroke-on-fill" strokeWidth="2.6" strokeLinecap="round" />
      <circle cx="9" cy="10" r="3.2" className="fill-on-fill" />
      <circle cx="23" cy="22" r="3.2" className="fill-on-fill" />
    </svg>
  )
}

const STATES: Record<LiveState['status'], [Tone, string, string]> = {
  open: ['ok', 'Live', 'What happens is shown as it happens.'],
  connecting: ['busy', 'Connecting', 'The live connection is being opened.'],
  waiting: ['warn', 'Reconnecting', 'The live connection is lost, and tried again by itself.'],
  paused: ['noop', 'Paused', 'Nothing is asked for while nobody looks.'],
}

/** How the live connection stands. */
function Connection() {
  const { status, reason } = useLiveState()
  const [tone, word, meaning] = STATES[status]
  return (
    <span role="status" className="flex">
      <Badge tone={tone} title={reason === '' ? meaning : `${meaning} (${reason})`}>
        <span aria-hidden className={classes('size-1.5 rounded-full bg-current', status !== 'open' && 'shimmer')} />
        {word}
      </Badge>
    </span>
  )
}

/** How many problems the project's files have; nothing when there are none. */
function Problems({ open }: { open: () => void }) {
  const faults = faultsOf(useProject().data?.problems ?? [])
  if (faults.length === 0) return null
  const isError = faults.some((fault) => fault.isError)
  return (
    <button
      type="button"
      onClick={open}
      className={classes(
        'inline-flex h-[22px] items-center gap-1 rounded-md px-2 text-xs font-medium whitespace-nowrap',
        isError ? 'bg-bad-soft text-bad' : 'bg-warn-soft text-warn',
      )}
    >
      <TriangleAlert size={12} aria-hidden />
      {counted(faults.length, 'problem')}
    </button>
  )
}

function PaletteButton({ open }: { open: () => void }) {
  return (
    <button
      type="button"
      onClick={open}
      className="flex h-7 w-56 shrink-0 items-center gap-2 rounded-md border border-line-strong/60 bg-surface px-2 text-faint hover:border-muted hover:text-muted max-md:w-auto"
    >
      <Search size={14} aria-hidden />
      <span className="flex-1 truncate text-left max-md:sr-only">Find anything</span>
      <Kbd keys="mod+k" />
    </button>
  )
}

const THEMES = {
  system: [Monitor, 'Theme: as the system has it'],
  light: [Sun, 'Theme: light'],
  dark: [Moon, 'Theme: dark'],
} as const

function ThemeToggle() {
  const [icon, label] = THEMES[useThemeChoice()]
  return <IconButton icon={icon} label={label} onClick={nextTheme} />
}
