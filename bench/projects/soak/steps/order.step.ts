import type { ApiRouteConfig, Handlers } from 'motia'

import { noteAccepted, noteEvent } from '../counts.mjs'

const KEYS = 1000

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'Order',
  method: 'POST',
  path: '/orders',
  emits: ['order.placed'],
}

// The orders' names come back, so that the state stays as it is and only what nobody wants to grow can.
export const handler: Handlers['Order'] = async (req, { emit }) => {
  const event = noteEvent()
  const order = `order-${event % KEYS}`
  await emit({ topic: 'order.placed', data: { event, order, items: req.body.items } })
  noteAccepted()
  return { status: 202, body: { order } }
}
