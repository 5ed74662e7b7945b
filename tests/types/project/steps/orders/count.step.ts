import type { Handlers, TriggersConfig } from 'motia';

export const config: TriggersConfig = {
  name: 'CountFollowed',
  triggers: [
    { type: 'state', groupId: 'followed', on: ['create'] },
    { type: 'stream', streamName: 'scores', groupId: 'all' },
  ],
};

export const handler: Handlers['CountFollowed'] = async (change, { logger }) => {
  if ('streamName' in change) logger.info('scored', { score: change.value?.score.toFixed(1) });
  else logger.info('followed', { key: change.key, value: change.value });
};
