import type { Project, Step } from '../../api/types.ts'

/** Views that are no flow: all steps, and those that no flow has. */
export const ALL = '*'
export const LOOSE = '-'

export interface View {
  id: string
  title: string
  steps: readonly Step[]
}

/** What can be drawn of a project: each flow, then the steps without one, then all; nothing twice. */
export function viewsOf({ steps, flows }: Pick<Project, 'steps' | 'flows'>): View[] {
  const loose = steps.filter((step) => step.flows.length === 0)
  const named = flows.map((flow): View => ({ id: flow, title: flow, steps: steps.filter((step) => step.flows.includes(flow)) }))
  if (named.length === 0) return [{ id: ALL, title: 'All steps', steps }]
  return [
    ...named,
    ...(loose.length > 0 ? [{ id: LOOSE, title: 'Without a flow', steps: loose }] : []),
    { id: ALL, title: 'All steps', steps },
  ]
}

/** The view that an address asks for; without a flow the first that has the step, else the first of all. */
export function viewOf(views: readonly View[], flow: string, step: string): View | undefined {
  if (flow !== '') return views.find(({ id }) => id === flow)
  return views.find(({ steps }) => steps.some(({ name }) => name === step)) ?? views[0]
}
