import type { ApiTrigger, Project } from '../../api/types.ts'
import type { Choice } from '../../components/ChoiceList.tsx'
import { languageOf } from '../../format/language.ts'

/** A route of the project, and the step that answers. */
export interface Endpoint {
  /** `POST /orders`, as addresses of the Workbench name it. */
  id: string
  method: string
  path: string
  step: string
  description: string
  language: string
  flows: string[]
  trigger: ApiTrigger
}

export type Grouping = 'flow' | 'language'

export interface EndpointRow extends Choice {
  title: string
  endpoint: Endpoint | null
}

const NAMES: Record<string, string> = { typescript: 'TypeScript', javascript: 'JavaScript', python: 'Python', ruby: 'Ruby' }
const NO_FLOW = 'In no flow'

export function endpointsOf(project: Project): Endpoint[] {
  return project.steps.flatMap(({ name, description, file, language, flows, triggers }) =>
    triggers.flatMap((trigger) => {
      if (trigger.kind !== 'api') return []
      const { method, path } = trigger
      const written = languageOf(file, language)
      return [{ id: `${method} ${path}`, method, path, step: name, description, language: written, flows, trigger }]
    }),
  )
}

/** Those whose method, path or step has every word of the text; `post orders` finds `POST /orders`. */
export function found(endpoints: readonly Endpoint[], text: string): Endpoint[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return endpoints.filter(({ id, step }) => words.every((word) => `${id} ${step}`.toLowerCase().includes(word)))
}

/** The endpoints below the names of their flows or languages, by path; one of two flows is there twice. */
export function rowsOf(endpoints: readonly Endpoint[], by: Grouping): EndpointRow[] {
  const groups = new Map<string, Endpoint[]>()
  for (const endpoint of endpoints) {
    for (const name of groupsOf(endpoint, by)) groups.set(name, [...(groups.get(name) ?? []), endpoint])
  }
  const last = (name: string): number => (name === NO_FLOW ? 1 : 0)
  const names = [...groups.keys()].toSorted((a, b) => last(a) - last(b) || a.localeCompare(b))
  return names.flatMap((name) => [
    { key: `heading ${name}`, title: name, endpoint: null, isHeading: true },
    ...sorted(groups.get(name) ?? []).map((endpoint) => ({ key: `${name} ${endpoint.id}`, title: endpoint.id, endpoint })),
  ])
}

function groupsOf({ flows, language }: Endpoint, by: Grouping): string[] {
  if (by === 'language') return [NAMES[language] ?? language]
  return flows.length > 0 ? flows : [NO_FLOW]
}

function sorted(endpoints: Endpoint[]): Endpoint[] {
  return endpoints.toSorted((a, b) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method))
}

/** The row to mark for an endpoint: the one in which it was chosen, else its first. */
export function rowFor(rows: readonly EndpointRow[], id: string | null, chosen: string): string | null {
  const own = rows.filter(({ endpoint }) => endpoint !== null && endpoint.id === id)
  return (own.find(({ key }) => key === chosen) ?? own[0])?.key ?? null
}

/** What of the address stays when another endpoint is chosen, or none. */
export function filtersOf({ text = '', by = '' }: Record<string, string>): Record<string, string> {
  return { text, by }
}
