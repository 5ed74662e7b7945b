# frozen_string_literal: true

CONFIG = { type: 'event', name: 'logs', subscribes: ['logs'], emits: [] }

def handler(input, ctx)
  ctx.logger.debug('one')
  ctx.logger.info('two', { n: 2 })
  ctx.logger.warn('three', [3])
  ctx.logger.error('four', { run: method(:handler) })
  'x' * input
end
