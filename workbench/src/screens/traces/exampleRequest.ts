import type { Project } from '../../api/types.ts'
import { exampleOf } from '../../schema/example.ts'

/** A line for the terminal that makes the project's first route run. */
export function exampleRequest(project: Project | undefined): string {
  const routes = project?.steps.flatMap(({ triggers }) => triggers.filter((trigger) => trigger.kind === 'api')) ?? []
  const route = routes.find(({ path }) => !path.includes(':')) ?? routes[0]
  if (project === undefined || route === undefined) return 'runtime generate step'
  const address = `${project.address}${route.path.replaceAll(/:\w+\*?/g, '1')}`
  if (route.method === 'GET') return `curl '${address}'`
  const body = JSON.stringify(exampleOf(route.bodySchema)).replaceAll("'", "'\\''")
  return `curl -X ${route.method} '${address}' -H 'content-type: application/json' -d '${body}'`
}
