import type { EventConfig, Handlers } from 'motia'

import { noteDone, noteStart } from '../figures.mjs'

export const config: EventConfig = {
  type: 'event',
  name: 'Fulfil',
  subscribes: ['order.placed'],
  infrastructure: { queue: { concurrency: 64 } },
}

export const handler: Handlers['Fulfil'] = async ({ order, items, at }, { state }) => {
  noteStart(at)
  await state.set('orders', order, { order, items, state: 'fulfilled' })
  noteDone(`${order} ${at}`)
}
