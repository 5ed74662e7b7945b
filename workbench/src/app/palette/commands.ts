import { Eraser, GitBranch, Link2, Send, SunMoon, Waypoints, type LucideIcon } from 'lucide-react'

import type { Project } from '../../api/types.ts'
import type { Screen } from '../../screens/registry.ts'
import { places } from '../places.ts'
import type { Route } from '../route.ts'

/** Something that the palette offers. */
export interface Command {
  id: string
  title: string
  /** What kind of thing it is, shown beside it. */
  hint: string
  icon: LucideIcon
  run: () => void
}

interface Means {
  screens: readonly Screen[]
  project: Project | undefined
  go: (to: Partial<Route>) => void
  changeTheme: () => void
  clearTraces: () => void
}

/** All that can be done from here; what needs a screen that is not there is left out. */
export function commandsOf({ screens, project, go, changeTheme, clearTraces }: Means): Command[] {
  const has = new Set(screens.map(({ name }) => name))
  const actions: Command[] = [
    { id: 'theme', title: 'Change the theme', hint: 'Action', icon: SunMoon, run: changeTheme },
    { id: 'clear', title: 'Clear all traces and logs', hint: 'Action', icon: Eraser, run: clearTraces },
  ]
  return [
    ...screens.map(({ name, title, icon }) => goTo(`screen ${name}`, title, 'Screen', icon, () => go(places.screen(name)))),
    ...(has.has('endpoints') ? endpointsOf(project, go) : []),
    ...(has.has('flow') ? stepsOf(project, go) : []),
    ...(has.has('endpoints') ? topicsOf(project, go) : []),
    ...actions,
  ]
}

function goTo(id: string, title: string, hint: string, icon: LucideIcon, run: () => void): Command {
  return { id, title, hint, icon, run }
}

function endpointsOf(project: Project | undefined, go: Means['go']): Command[] {
  return (project?.steps ?? []).flatMap(({ triggers, name }) =>
    triggers.flatMap((trigger) => {
      if (trigger.kind !== 'api') return []
      const { method, path } = trigger
      const title = `${method} ${path}`
      return [goTo(`endpoint ${title}`, title, `Endpoint · ${name}`, Link2, () => go(places.endpoint(method, path)))]
    }),
  )
}

function stepsOf(project: Project | undefined, go: Means['go']): Command[] {
  return (project?.steps ?? []).map(({ name, flows, file }) =>
    goTo(`step ${name}`, name, `Step · ${file}`, GitBranch, () => go(places.step(name, flows[0] ?? ''))),
  )
}

function topicsOf(project: Project | undefined, go: Means['go']): Command[] {
  const topics = new Set(
    (project?.steps ?? []).flatMap(({ triggers, emits }) => [
      ...triggers.flatMap((trigger) => (trigger.kind === 'event' ? [trigger.topic] : [])),
      ...emits.map(({ topic }) => topic),
    ]),
  )
  return [...topics].map((topic) =>
    goTo(`emit ${topic}`, `Emit an event: ${topic}`, 'Action', Send, () => go(places.emit(topic))),
  )
}

const TRACE_ID = /^[0-9a-f]{32}$/

/** Going to the trace whose id was typed; undefined when it is none. */
export function traceCommand(typed: string, go: Means['go']): Command | undefined {
  const id = typed.trim().toLowerCase()
  if (!TRACE_ID.test(id)) return undefined
  return goTo(`trace ${id}`, `Trace ${id}`, 'Trace', Waypoints, () => go(places.trace(id)))
}
