import type { Handlers, StreamChangeConfig } from 'motia';

export const config: StreamChangeConfig = {
  type: 'stream',
  name: 'FollowOrders',
  streamName: 'orders',
  on: ['update', 'delete'],
  emits: ['order.followed'],
};

export const handler: Handlers['FollowOrders'] = async (change, { emit, logger, state }) => {
  if (change.operation === 'delete') {
    await state.delete('followed', change.id);
    return;
  }
  const was = change.previous?.state;
  if (change.value?.state === 'sent' && was !== 'sent') await emit('order.followed', { id: change.value.id });
  logger.info(`${change.groupId}/${change.id}: ${change.operation}`);
};
