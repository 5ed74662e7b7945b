import { CircleDashed, Clock, Database, Link2, Radio, Zap, type LucideIcon } from 'lucide-react'

import { isKind } from '../../components/Badge.tsx'
import type { Kind } from '../../api/types.ts'

interface Look {
  icon: LucideIcon
  /** Ground and ink of what stands for the kind. */
  tone: string
  /** Its colour, for the map. */
  colour: string
}

const LOOKS: Record<Kind | 'noop', Look> = {
  api: { icon: Link2, tone: 'bg-api-soft text-api', colour: 'var(--api)' },
  event: { icon: Zap, tone: 'bg-event-soft text-event', colour: 'var(--event)' },
  cron: { icon: Clock, tone: 'bg-cron-soft text-cron', colour: 'var(--cron)' },
  state: { icon: Database, tone: 'bg-state-soft text-state', colour: 'var(--state)' },
  stream: { icon: Radio, tone: 'bg-stream-soft text-stream', colour: 'var(--stream)' },
  noop: { icon: CircleDashed, tone: 'bg-noop-soft text-noop', colour: 'var(--noop)' },
}

export function lookOf(kind: string): Look {
  return LOOKS[isKind(kind) ? kind : 'noop']
}
