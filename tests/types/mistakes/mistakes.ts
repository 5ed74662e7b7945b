// Each line that a compiler must refuse ends with the codes of its errors.

import type { ApiRouteConfig, Handlers, StreamConfig } from 'motia';

export const emits: Handlers['CreateOrder'] = async (req, { emit }) => {
  await emit({ topic: 'order.unknown', data: {} }); // TS2769
  await emit({ topic: 'order.created', data: { orderId: 7, total: 1, customer: { name: 'Ann' } } }); // TS2769
  await emit({ topic: 'order.created' }); // TS2769
  await emit('order.unknown', {}); // TS2345
  await emit('order.created', { orderId: 'a' }); // TS2345
  await emit('order.created'); // TS2345
  await emit({ topic: 'order.audited', urgent: true }); // TS2769
  return { status: 201, body: { id: 'a', total: 1 } };
};

export const silent: Handlers['ShipOrder'] = async (input, { emit }) => {
  await emit({ topic: 'order.created', data: {} }); // TS2345
  await emit('order.created', {}); // TS2345
};

export const request: Handlers['CreateOrder'] = async (req) => {
  const region: number = req.pathParams.region; // TS2322
  const place = req.pathParams.place; // TS2339
  const first = req.body.items[0]?.price; // TS2339
  const note: string = req.body.note; // TS2322
  return { status: 400, body: { error: `${region} ${place} ${first} ${note}` } };
};

export const input: Handlers['ShipOrder'] = async (input, { streams, logger }) => {
  logger.info(input.total); // TS2339
  logger.info(input.customer.mail.trim()); // TS18048
  await streams.orders.set('north', 'a', { id: 'a', state: 'lost', note: null }); // TS2322
  await streams.unknown.get('a', 'b'); // TS2339
};

export const change: Handlers['FollowOrders'] = async (change, { logger }) => {
  const lost: 'lost' | null | undefined = change.value?.state; // TS2322
  logger.info(change.value.id); // TS18047
  logger.info(change.key); // TS2339
  if (change.operation === 'created') logger.info(lost ?? ''); // TS2367
};

export const kept: Handlers['ShipOrder'] = async (input, { state, stream, logger }) => {
  const entry = await state.getEntry<{ count: number }>('shipped', input.orderId);
  logger.info('shipped', { version: entry.version }); // TS18047
  const count: string | undefined = entry?.value.count; // TS2322
  await state.set('shipped', 'last', input, { ifversion: 1 }); // TS2561
  await state.set('last', input, { ttl: 'soon' }); // TS2769
  await state.set('shipped', input.customer.mail, count); // TS2769
  await state.update('shipped', 'last', [{ op: 'inc', path: 'n' }]); // TS2322
  await state.update('shipped', 'last', [{ op: 'increment', value: '1' }]); // TS2322
  await stream.write(input.orderId, 1); // TS2345
};

export const guarded: StreamConfig<{ region: string }> = {
  name: 'guarded',
  canAccess: ({ groupId }, auth) => auth.region === groupId, // TS18047
  onJoin: ({ group }, auth) => auth, // TS2339
  onLeave: (subscription, auth) => auth?.regions, // TS2551
};

export const wrongStatus: Handlers['CreateOrder'] = async () => ({ status: 200, body: { id: 'a', total: 1 } }); // TS2322
export const wrongBody: Handlers['CreateOrder'] = async () => ({ status: 201, body: { id: 'a', total: 'much' } }); // TS2322
export const noBody: Handlers['CreateOrder'] = async () => ({ status: 201 }); // TS2322
export const nothing: Handlers['CreateOrder'] = async () => {}; // TS2322
export const unknownStep: Handlers['DropOrder'] = async () => ({ status: 200 }); // TS2339
export const config: ApiRouteConfig = { type: 'api', name: 'X', path: '/', method: 'FETCH' }; // TS2322
