const config = {
  type: 'event',
  name: 'SendConfirmation',
  description: 'Tells the customer and everybody who watches the order board',
  subscribes: ['order.scored'],
  input: {
    type: 'object',
    properties: { orderId: { type: 'string' }, total: { type: 'number' } },
    required: ['orderId', 'total'],
  },
  virtualEmits: ['order.confirmed'],
  flows: ['orders'],
}

const handler = async ({ orderId, total }, { streams, logger }) => {
  const text = `Thank you! Your order comes to ${total.toFixed(2)}.`

  await streams.orderBoard.update('today', orderId, [{ op: 'merge', value: { status: 'confirmed', confirmation: text } }])
  logger.info('confirmation sent', { orderId })
}

module.exports = { config, handler }
