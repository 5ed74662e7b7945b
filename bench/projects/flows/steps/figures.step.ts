import type { ApiRouteConfig, Handlers } from 'motia'

import { figures } from '../figures.mjs'

export const config: ApiRouteConfig = { type: 'api', name: 'Figures', method: 'GET', path: '/figures' }

export const handler: Handlers['Figures'] = async () => {
  return { status: 200, body: figures() }
}
