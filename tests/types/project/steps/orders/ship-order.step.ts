import type { EventConfig, Handlers } from 'motia';

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

export const handler: Handlers['ShipOrder'] = async (input, { streams, logger }) => {
  const order = await streams.orders.get('north', input.orderId);
  logger.info(`to ${input.customer.name.trim()}`, { mail: input.customer.mail ?? 'none', was: order?.state });
};
