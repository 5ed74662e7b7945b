# frozen_string_literal: true

CONFIG = {
  type: 'event',
  name: 'GivePoints',
  description: 'Gives the customer a point for each full unit of money, where Ruby is installed',
  subscribes: ['order.scored'],
  flows: ['orders']
}.freeze

def handler(input, ctx)
  points = input.total.floor

  ctx.state.set('points', input.orderId, points)
  ctx.logger.debug('points given', { orderId: input.orderId, points: points })
end
