import type { ApiRouteConfig, Handlers } from 'motia'

import { read } from '../counts.mjs'

export const config: ApiRouteConfig = { type: 'api', name: 'Counts', method: 'GET', path: '/counts' }

export const handler: Handlers['Counts'] = async () => {
  return { status: 200, body: read() }
}
