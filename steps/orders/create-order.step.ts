import type { ApiRouteConfig, Handlers } from 'motia'
import { checkOrder } from './check-order'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'CreateOrder',
  description: 'Takes an order and lets the others do the work',
  method: 'POST',
  path: '/orders',
  middleware: [checkOrder],
  emits: ['order.created'],
  flows: ['orders'],
}

export const handler: Handlers['CreateOrder'] = async (req, { emit, state, logger }) => {
  const order = { id: crypto.randomUUID(), items: req.body.items, status: 'received' }

  await state.set('orders', order.id, order)
  await emit({ topic: 'order.created', data: { orderId: order.id } })
  logger.info('order received', { orderId: order.id })

  return { status: 201, body: order }
}
