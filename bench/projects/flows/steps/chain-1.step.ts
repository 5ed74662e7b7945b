import type { EventConfig, Handlers } from 'motia'

export const config: EventConfig = {
  type: 'event',
  name: 'Chain1',
  subscribes: ['chain.1'],
  emits: ['chain.2'],
  infrastructure: { queue: { concurrency: 64 } },
}

export const handler: Handlers['Chain1'] = async (data, { emit }) => {
  await emit({ topic: 'chain.2', data })
}
