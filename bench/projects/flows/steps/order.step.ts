import type { ApiRouteConfig, Handlers } from 'motia'

import { noteAccepted, noteRequest, now } from '../figures.mjs'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'Order',
  method: 'POST',
  path: '/orders',
  emits: ['order.placed'],
}

export const handler: Handlers['Order'] = async (req, { emit }) => {
  const order = noteRequest()
  await emit({ topic: 'order.placed', data: { order, items: req.body.items, at: now() } })
  noteAccepted()
  return { status: 202, body: { order } }
}
