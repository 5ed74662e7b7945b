import type { ApiRouteConfig, Handlers } from 'motia'

export const config: ApiRouteConfig = { type: 'api', name: 'HelloTs', method: 'GET', path: '/ts' }

export const handler: Handlers['HelloTs'] = async () => {
  return { status: 200, body: { message: 'hello', from: 'bench', items: [1, 2, 3] } }
}
