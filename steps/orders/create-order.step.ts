import type { ApiRouteConfig, Handlers } from 'motia'

const item = {
  type: 'object',
  properties: { name: { type: 'string' }, price: { type: 'number', minimum: 0, maximum: 1_000_000 } },
  required: ['name', 'price'],
} as const

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'CreateOrder',
  description: 'Takes an order and lets the others do the work',
  method: 'POST',
  path: '/orders',
  bodySchema: {
    type: 'object',
    properties: { items: { type: 'array', items: item, minItems: 1, maxItems: 100 } },
    required: ['items'],
  },
  validate: 'enforce', // what does not fit is answered with 400, so the handler only sees good orders
  emits: ['order.created'],
  flows: ['orders'],
}

export const handler: Handlers['CreateOrder'] = async (req, { emit, state, streams, logger }) => {
  const order = { id: crypto.randomUUID(), items: req.body.items, status: 'received' }

  await state.set('orders', order.id, order)
  await streams.orderBoard.set('today', order.id, { status: 'received', items: order.items.map(({ name }) => name) })
  await emit({ topic: 'order.created', data: { orderId: order.id } })
  logger.info('order received', { orderId: order.id })

  return { status: 201, body: order }
}
