import type { ApiRouteConfig, Handlers } from 'motia'

import { noteAccepted, now } from '../figures.mjs'

const AT_ONCE = 64
const KEYS = 1000

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'Batch',
  method: 'POST',
  path: '/batches',
  emits: ['order.placed'],
  infrastructure: { handler: { timeout: 300 } },
}

// The orders' names come back, so that the state stays as it is and only what the queue leaves behind can grow.
export const handler: Handlers['Batch'] = async (req, { emit }) => {
  let next = 0
  const emitAll = async () => {
    while (next < req.body.events) {
      next += 1
      const order = `soak-${next % KEYS}`
      await emit({ topic: 'order.placed', data: { order, items: req.body.items, at: now() } })
      noteAccepted()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, emitAll))
  return { status: 200, body: { events: next } }
}
