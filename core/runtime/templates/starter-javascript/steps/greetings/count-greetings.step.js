export const config = {
  type: 'cron',
  name: 'CountGreetings',
  description: 'Says every minute how many greetings there are',
  cron: '* * * * *',
  flows: ['greetings'],
}

/** @satisfies {import('motia').Handlers['CountGreetings']} */
export const handler = async ({ state, logger }) => {
  const names = await state.keys('greetings')
  logger.info('greetings so far', { count: names.length })
}
