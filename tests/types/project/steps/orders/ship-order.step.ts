import { type EventConfig, type Handlers, VersionConflict } from 'motia';

export const config: EventConfig = {
  type: 'event',
  name: 'ShipOrder',
  subscribes: ['order.created'],
  input: {
    type: 'object',
    properties: {
      orderId: { type: 'string' },
      customer: {
        type: 'object',
        properties: { name: { type: 'string' }, mail: { type: 'string', format: 'email' } },
        required: ['name'],
      },
    },
    required: ['orderId', 'customer'],
  },
  emits: [],
};

export const handler: Handlers['ShipOrder'] = async (input, { streams, state, stream, logger }) => {
  const order = await streams.orders.get('north', input.orderId);
  logger.info(`to ${input.customer.name.trim()}`, { mail: input.customer.mail ?? 'none', was: order?.state });
  const last = await state.getEntry<{ orderId: string }>('last-shipped');
  try {
    await state.set('last-shipped', { orderId: input.orderId }, { ttl: 60, ifVersion: last?.version ?? 0 });
  } catch (error) {
    if (!(error instanceof VersionConflict)) throw error;
    await state.update('conflicts', input.orderId, [{ op: 'increment' }, { op: 'set', path: ['last', 'message'], value: error.message }]);
  }
  await stream.write(input.orderId, 'shipped');
  await stream.close(input.orderId);
};
