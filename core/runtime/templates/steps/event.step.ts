import type { EventConfig, Handlers } from 'motia'

export const config: EventConfig = {
  type: 'event',
  name: 'STEP_NAME',
  subscribes: ['STEP_TOPIC'],
}

export const handler: Handlers['STEP_NAME'] = async (input, { logger }) => {
  logger.info('an event', { input })
}
