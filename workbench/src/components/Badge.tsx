import type { ReactNode } from 'react'

import type { Kind, Status } from '../api/types.ts'
import { classes } from './classes.ts'

export type Tone = 'ok' | 'warn' | 'bad' | 'busy' | 'noop'

const TONES: Record<Tone | Kind, string> = {
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  busy: 'bg-busy-soft text-busy',
  noop: 'bg-noop-soft text-noop',
  api: 'bg-api-soft text-api',
  event: 'bg-event-soft text-event',
  cron: 'bg-cron-soft text-cron',
  state: 'bg-state-soft text-state',
  stream: 'bg-stream-soft text-stream',
}

interface BadgeProps {
  tone?: Tone | Kind
  title?: string
  children: ReactNode
}

/** A word about something, in the colour of what it means. */
export function Badge({ tone = 'noop', title, children }: BadgeProps) {
  return (
    <span
      title={title}
      className={classes(
        'inline-flex h-[18px] shrink-0 items-center gap-1 align-middle rounded-sm px-1.5 text-xs font-medium whitespace-nowrap',
        TONES[tone],
      )}
    >
      {children}
    </span>
  )
}

const STATUSES: Record<Status, [Tone, string]> = {
  running: ['busy', 'running'],
  ok: ['ok', 'ok'],
  failed: ['bad', 'failed'],
}

/** How a run ended; of an HTTP answer its status as well, which may be a refusal of a run that did all it should. */
export function StatusBadge({ status, httpStatus = null }: { status: Status; httpStatus?: number | null }) {
  const [tone, word] = STATUSES[status]
  const isRefused = status === 'ok' && httpStatus !== null && httpStatus >= 400
  return (
    <Badge tone={isRefused ? 'warn' : tone}>
      <Dot isRunning={status === 'running'} />
      {httpStatus ?? word}
      {httpStatus !== null && <span className="sr-only"> ({word})</span>}
    </Badge>
  )
}

function Dot({ isRunning }: { isRunning: boolean }) {
  return <span aria-hidden className={classes('size-1.5 rounded-full bg-current', isRunning && 'shimmer')} />
}

const KINDS: Record<Kind | 'noop', string> = {
  api: 'API',
  event: 'Event',
  cron: 'Cron',
  state: 'State',
  stream: 'Stream',
  noop: 'Noop',
}

export function isKind(type: string): type is Kind | 'noop' {
  return type in KINDS
}

export function KindBadge({ kind }: { kind: string }) {
  return <Badge tone={isKind(kind) ? kind : 'noop'}>{isKind(kind) ? KINDS[kind] : kind}</Badge>
}

const LANGUAGES: Record<string, [short: string, name: string]> = {
  typescript: ['TS', 'TypeScript'],
  javascript: ['JS', 'JavaScript'],
  python: ['PY', 'Python'],
  ruby: ['RB', 'Ruby'],
  node: ['JS', 'Node'],
}

export function LanguageMark({ language }: { language: string }) {
  const [short, name] = LANGUAGES[language] ?? [language.slice(0, 3).toUpperCase(), language]
  return (
    <abbr
      title={name}
      className="inline-flex h-[18px] w-6 align-middle shrink-0 items-center justify-center rounded-sm border font-mono text-[10px] text-muted no-underline"
    >
      {short}
    </abbr>
  )
}

/** A step by its name, with its language and what makes it run. */
export function StepBadge({ name, language, type }: { name: string; language?: string; type?: string }) {
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      {language !== undefined && <LanguageMark language={language} />}
      <span className="truncate" title={name}>
        {name}
      </span>
      {type !== undefined && <KindBadge kind={type} />}
    </span>
  )
}
