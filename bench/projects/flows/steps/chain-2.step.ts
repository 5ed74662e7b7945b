import type { EventConfig, Handlers } from 'motia'

export const config: EventConfig = {
  type: 'event',
  name: 'Chain2',
  subscribes: ['chain.2'],
  emits: ['chain.3'],
  infrastructure: { queue: { concurrency: 64 } },
}

export const handler: Handlers['Chain2'] = async (data, { emit }) => {
  await emit({ topic: 'chain.3', data })
}
