import { CalendarClock, Cpu, Database, Inbox, Link2, Radio, ScrollText, Waypoints, Workflow, type LucideIcon } from 'lucide-react'
import type { ComponentType } from 'react'

/** A screen of the Workbench, whose code comes when it is first shown. */
export interface Screen {
  /** The first part of its routes. */
  name: string
  title: string
  icon: LucideIcon
  /** The key behind `g`. */
  key: string
  load: () => Promise<{ default: ComponentType }>
}

/** In the order of the navigation: Flow, Endpoints, Traces, Logs, State, Streams, Queues, Cron, Runners. */
export const screens: readonly Screen[] = [
  { name: 'flow', title: 'Flow', icon: Workflow, key: 'f', load: () => import('./flow/index.tsx') },
  { name: 'endpoints', title: 'Endpoints', icon: Link2, key: 'e', load: () => import('./endpoints/index.tsx') },
  { name: 'traces', title: 'Traces', icon: Waypoints, key: 't', load: () => import('./traces/index.tsx') },
  { name: 'logs', title: 'Logs', icon: ScrollText, key: 'l', load: () => import('./logs/index.tsx') },
  { name: 'state', title: 'State', icon: Database, key: 's', load: () => import('./state/index.tsx') },
  { name: 'streams', title: 'Streams', icon: Radio, key: 'm', load: () => import('./streams/index.tsx') },
  { name: 'queues', title: 'Queues', icon: Inbox, key: 'q', load: () => import('./queues/index.tsx') },
  { name: 'cron', title: 'Cron', icon: CalendarClock, key: 'c', load: () => import('./cron/index.tsx') },
  { name: 'runners', title: 'Runners', icon: Cpu, key: 'r', load: () => import('./runners/index.tsx') },
]
