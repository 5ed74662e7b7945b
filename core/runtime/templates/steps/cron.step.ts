import type { CronConfig, Handlers } from 'motia'

export const config: CronConfig = {
  type: 'cron',
  name: 'STEP_NAME',
  cron: 'STEP_CRON',
}

export const handler: Handlers['STEP_NAME'] = async ({ logger }) => {
  logger.info('it is time')
}
