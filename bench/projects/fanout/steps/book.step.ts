import { setTimeout } from 'node:timers/promises'

import type { EventConfig, Handlers } from 'motia'

import { noteStart, now } from '../figures.mjs'
import { noteTurn, noteTurnEnd } from '../runs.mjs'

// More at once than there are groups: only their order keeps handlers of one group apart.
export const config: EventConfig = {
  type: 'event',
  name: 'Book',
  subscribes: ['account.booked'],
  infrastructure: { queue: { type: 'fifo', concurrency: 200 } },
}

export const handler: Handlers['Book'] = async ({ group, number, pause }, { state }) => {
  noteStart(now())
  noteTurn(group, number)
  if (pause) await setTimeout(pause)
  await state.set('accounts', group, { group, number })
  noteTurnEnd(group, number)
}
