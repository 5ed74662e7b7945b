import type { StateChange, StreamChange, TriggersConfig, TriggersHandler } from 'motia';

export const config: TriggersConfig = {
  name: 'notices',
  triggers: [
    { type: 'state', groupId: 'shelf' },
    { type: 'stream', streamName: 'tickets', on: ['create', 'delete'] },
  ],
  emits: [],
};

export const handler: TriggersHandler<StateChange | StreamChange, any> = async (change, { trigger }) => [change, trigger.type, trigger.source];
