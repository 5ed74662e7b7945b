// Each line that a compiler must refuse ends with the codes of its errors.

import type { ApiRouteConfig, Handlers } from 'motia';

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

export const wrongStatus: Handlers['CreateOrder'] = async () => ({ status: 200, body: { id: 'a', total: 1 } }); // TS2322
export const wrongBody: Handlers['CreateOrder'] = async () => ({ status: 201, body: { id: 'a', total: 'much' } }); // TS2322
export const noBody: Handlers['CreateOrder'] = async () => ({ status: 201 }); // TS2322
export const nothing: Handlers['CreateOrder'] = async () => {}; // TS2322
export const unknownStep: Handlers['DropOrder'] = async () => ({ status: 200 }); // TS2339
export const config: ApiRouteConfig = { type: 'api', name: 'X', path: '/', method: 'FETCH' }; // TS2322
