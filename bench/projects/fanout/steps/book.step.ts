import type { EventConfig, Handlers } from 'motia'

import { noteStart, now } from '../figures.mjs'
import { noteTurn, noteTurnEnd } from '../runs.mjs'

export const config: EventConfig = {
  type: 'event',
  name: 'Book',
  subscribes: ['account.booked'],
  infrastructure: { queue: { type: 'fifo', concurrency: 64 } },
}

export const handler: Handlers['Book'] = async ({ group, number }, { state }) => {
  noteStart(now())
  noteTurn(group, number)
  await state.set('accounts', group, { group, number })
  noteTurnEnd(group, number)
}
