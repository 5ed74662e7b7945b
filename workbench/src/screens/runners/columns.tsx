import type { Runner } from '../../api/types.ts'
import { Badge, LanguageMark, type Tone } from '../../components/Badge.tsx'
import type { Column } from '../../components/Table.tsx'
import { Absent, Bytes, Distance } from '../../components/values.tsx'

const TONES: Record<string, Tone> = { ready: 'ok', serving: 'ok', starting: 'busy', draining: 'busy', spare: 'noop' }

export const columns: readonly Column<Runner>[] = [
  {
    title: 'Process',
    width: 'minmax(140px, 2fr)',
    cell: ({ language, process }) => (
      <span className="flex items-center gap-1.5">
        <LanguageMark language={language} />
        <span className="truncate">{language}</span>
        <span className="text-faint">{process}</span>
      </span>
    ),
  },
  {
    title: 'State',
    width: 'minmax(92px, 1fr)',
    cell: ({ state }) => <Badge tone={TONES[state] ?? 'warn'}>{state}</Badge>,
  },
  { title: 'Process id', width: '86px', isNumber: true, cell: ({ pid }) => pid ?? <Absent /> },
  { title: 'Generation', width: '88px', isNumber: true, cell: ({ generation }) => generation },
  { title: 'Running', width: '74px', isNumber: true, cell: ({ inFlight }) => inFlight },
  { title: 'Memory', width: '80px', isNumber: true, cell: ({ memoryBytes }) => <Bytes bytes={memoryBytes} /> },
  {
    title: 'CPU',
    width: '64px',
    isNumber: true,
    cell: ({ cpu }) => (cpu === null ? <Absent /> : <span title="Of one core">{Math.round(cpu * 100)} %</span>),
  },
  {
    title: 'Restarts',
    width: '76px',
    isNumber: true,
    cell: ({ restarts }) => <span className={restarts > 0 ? 'text-warn' : ''}>{restarts}</span>,
  },
  { title: 'Since', width: 'minmax(110px, 1fr)', isNumber: true, cell: ({ since }) => <Distance at={since} /> },
]
