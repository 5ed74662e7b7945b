import type { ApiRouteConfig, Handlers } from 'motia'

import { noteAccepted } from '../figures.mjs'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'Groups',
  method: 'POST',
  path: '/groups',
  emits: ['account.booked'],
  infrastructure: { handler: { timeout: 300 } },
}

/** Emits to so many groups at once, to each so many events one after the other; their handlers pause for so long. */
export const handler: Handlers['Groups'] = async (req, { emit }) => {
  const { groups, events, pause } = req.body
  const fill = async (_: unknown, index: number) => {
    const group = `account-${index}`
    for (let number = 0; number < events; number += 1) {
      await emit({ topic: 'account.booked', data: { group, number, pause }, messageGroupId: group })
      noteAccepted()
    }
  }
  await Promise.all(Array.from({ length: groups }, fill))
  return { status: 200, body: { groups } }
}
