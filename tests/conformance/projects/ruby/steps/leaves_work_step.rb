# frozen_string_literal: true

require_relative 'lib/latch'

CONFIG = { type: 'event', name: 'leaves_work', subscribes: ['leaves_work'], emits: [] }

def handler(_input, ctx)
  Thread.new { work(ctx) }
  'left'
end

def work(ctx)
  Latch::RELEASED.pop
  ctx.state.set('late', 'key', 1)
  Latch::OUTCOME << 'nothing was thrown'
rescue StandardError => error
  Latch::OUTCOME << "caught: #{error.message}"
  sleep
end
