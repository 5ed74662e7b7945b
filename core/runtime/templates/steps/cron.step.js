export const config = {
  type: 'cron',
  name: 'STEP_NAME',
  cron: 'STEP_CRON',
}

/** @satisfies {import('motia').Handlers['STEP_NAME']} */
export const handler = async ({ logger }) => {
  logger.info('it is time')
}
