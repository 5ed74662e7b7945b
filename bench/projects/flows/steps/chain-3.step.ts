import type { EventConfig, Handlers } from 'motia'

import { noteChain } from '../figures.mjs'

export const config: EventConfig = {
  type: 'event',
  name: 'Chain3',
  subscribes: ['chain.3'],
  infrastructure: { queue: { concurrency: 64 } },
}

export const handler: Handlers['Chain3'] = async ({ at }, { state }) => {
  await state.set('chains', 'last', { at })
  noteChain(at)
}
