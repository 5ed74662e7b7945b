export const config = {
  type: 'event',
  name: 'STEP_NAME',
  subscribes: ['STEP_TOPIC'],
}

/** @satisfies {import('motia').Handlers['STEP_NAME']} */
export const handler = async (input, { logger }) => {
  logger.info('an event', { input })
}
