import type { ApiRouteConfig, Handlers } from 'motia'

import { noteAccepted, noteRequest, now } from '../figures.mjs'

const AT_ONCE = 16

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'FanOut',
  method: 'POST',
  path: '/fan-outs',
  emits: ['order.shipped'],
  infrastructure: { handler: { timeout: 300 } },
}

/** Emits so many events, some at once, to so many subscribers each. */
export const handler: Handlers['FanOut'] = async (req, { emit }) => {
  const { events, subscribers } = req.body
  let next = 0
  const lane = async () => {
    while (next++ < events) {
      await emit({ topic: 'order.shipped', data: { order: noteRequest(), at: now(), subscribers } })
      noteAccepted(subscribers)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  return { status: 200, body: { events } }
}
