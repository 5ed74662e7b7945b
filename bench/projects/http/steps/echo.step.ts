import type { ApiRouteConfig, Handlers } from 'motia'

export const config: ApiRouteConfig = { type: 'api', name: 'EchoTs', method: 'POST', path: '/ts/echo' }

export const handler: Handlers['EchoTs'] = async (req) => {
  return { status: 200, body: req.body }
}
