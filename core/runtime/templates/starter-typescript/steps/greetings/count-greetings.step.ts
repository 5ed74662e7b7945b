import type { CronConfig, Handlers } from 'motia'

export const config: CronConfig = {
  type: 'cron',
  name: 'CountGreetings',
  description: 'Says every minute how many greetings there are',
  cron: '* * * * *',
  flows: ['greetings'],
}

export const handler: Handlers['CountGreetings'] = async ({ state, logger }) => {
  const names = await state.keys('greetings')
  logger.info('greetings so far', { count: names.length })
}
