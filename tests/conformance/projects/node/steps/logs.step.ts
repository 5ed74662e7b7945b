import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'logs', subscribes: ['logs'], emits: [] };

export const handler: EventHandler<number> = async (input, { logger }) => {
  logger.debug('one');
  logger.info('two', { n: 2 });
  logger.warn('three', [3]);
  logger.error('four', { run: () => undefined });
  return 'x'.repeat(input);
};
