import type { ApiRouteConfig, Handlers } from 'motia'

import { order } from '../runs.mjs'

export const config: ApiRouteConfig = { type: 'api', name: 'GroupOrder', method: 'GET', path: '/order' }

export const handler: Handlers['GroupOrder'] = async () => {
  return { status: 200, body: order() }
}
