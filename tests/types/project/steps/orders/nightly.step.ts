import { CronConfig, Handlers } from 'motia';

export const config: CronConfig = { type: 'cron', name: 'Nightly', cron: '0 3 * * *' };

export const handler: Handlers['Nightly'] = async ({ state, logger }) => {
  for (const order of await state.getGroup('orders')) logger.info('open', { id: order.id });
};
