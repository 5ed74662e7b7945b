import type { ApiRouteConfig, Handlers } from 'motia'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'GetOrder',
  description: 'Shows an order with all that has happened to it so far',
  method: 'GET',
  path: '/orders/:id',
  flows: ['orders'],
}

export const handler: Handlers['GetOrder'] = async (req, { state, streams }) => {
  const id = req.pathParams.id
  const order = await state.get('orders', id)
  if (!order) return { status: 404, body: { error: `there is no order ${id}` } }

  const entry = await streams.orderBoard.get('today', id)
  return { status: 200, body: { ...order, confirmation: entry?.confirmation ?? null } }
}
