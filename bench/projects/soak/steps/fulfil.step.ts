import type { EventConfig, Handlers } from 'motia'

import { noteDone } from '../counts.mjs'

export const config: EventConfig = {
  type: 'event',
  name: 'Fulfil',
  subscribes: ['order.placed'],
  infrastructure: { queue: { concurrency: 64 } },
}

export const handler: Handlers['Fulfil'] = async ({ event, order, items }, { state }) => {
  await state.set('orders', order, { order, items, state: 'fulfilled' })
  noteDone(event)
}
