# frozen_string_literal: true

require_relative 'lib/late'

CONFIG = { type: 'event', name: 'leaves_work', subscribes: ['leaves_work'], emits: [] }

def handler(_input, ctx)
  Thread.new { Late.work(ctx) && sleep }
  'left'
end
