import type { ApiRouteConfig, Handlers } from 'motia'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'Chain',
  method: 'POST',
  path: '/chains',
  emits: ['chain.1'],
}

export const handler: Handlers['Chain'] = async (req, { emit }) => {
  await emit({ topic: 'chain.1', data: { at: req.body.at } })
  return { status: 202, body: { accepted: true } }
}
