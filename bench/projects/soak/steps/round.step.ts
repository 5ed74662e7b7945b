import type { ApiRouteConfig, Handlers } from 'motia'

export const config: ApiRouteConfig = { type: 'api', name: 'Round', method: 'POST', path: '/rounds' }

export const handler: Handlers['Round'] = async (req, { streams }) => {
  await streams.rounds.set('all', 'newest', req.body)
  return { status: 200, body: {} }
}
