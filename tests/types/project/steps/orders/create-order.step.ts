import type { ApiMiddleware, ApiRouteConfig, Handlers } from 'motia';
import { HttpError } from 'motia';
import { z } from 'zod';

const onlyCustomers: ApiMiddleware = async (req, ctx, next) => {
  if (!req.headers.authorization) return { status: 401, body: { error: 'who are you?' } };
  req.user = { id: String(req.headers.authorization), role: 'customer' };
  const response = await next();
  return { ...response, headers: { ...response.headers, 'X-Trace': ctx.traceId } };
};

const item = z.object({ sku: z.string().describe('What is bought.'), quantity: z.number().int().positive() });

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'CreateOrder',
  description: 'Takes an order of a region.',
  path: '/regions/:region/orders',
  method: 'POST',
  emits: ['order.created', { topic: 'order.audited', label: 'sometimes', conditional: true }],
  queryParams: z.object({ dryRun: z.enum(['yes', 'no']).optional(), tag: z.array(z.string()).optional() }),
  bodySchema: z.object({ items: z.array(item), note: z.string().nullable().optional(), 'gift-wrap': z.boolean().default(false) }),
  responseSchema: {
    201: z.object({ id: z.string(), total: z.number() }),
    400: z.object({ error: z.string() }),
  },
  middleware: [onlyCustomers],
};

export const handler: Handlers['CreateOrder'] = async (req, { emit, streams, state, logger }) => {
  const { items, note } = req.body;
  if (req.queryParams.dryRun === 'yes') throw new HttpError(409, { error: 'not yet' });
  if (items.length === 0) return { status: 400, body: { error: 'nothing to buy' } };
  const id = `${req.pathParams.region}-${items[0]?.sku.toUpperCase()}-${req.user?.role}`;
  const total = items.reduce((sum, each) => sum + each.quantity, 0);
  await streams.orders.set(req.pathParams.region, id, { id, state: 'new', note: note ?? null });
  await emit({ topic: 'order.created', data: { orderId: id, total, customer: { name: 'Ann' } }, messageGroupId: id });
  await emit('order.created', { orderId: id, total, customer: { name: 'Ann', mail: 'ann@example.com' } }, { delay: 5 });
  await emit({ topic: 'order.audited' });
  await state.set('orders', id, { total });
  logger.info('created', { id, tags: req.queryParams.tag });
  return { status: 201, body: { id, total }, headers: { Location: `/orders/${id}` } };
};
