import type { ApiRouteConfig, Handlers } from 'motia'

import { figures, reset } from '../figures.mjs'

export const config: ApiRouteConfig = { type: 'api', name: 'Reset', method: 'POST', path: '/figures' }

export const handler: Handlers['Reset'] = async () => {
  reset()
  return { status: 200, body: figures() }
}
