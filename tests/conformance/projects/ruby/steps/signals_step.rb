# frozen_string_literal: true

require_relative 'lib/signal'

CONFIG = { type: 'event', name: 'signals', subscribes: ['signals'], emits: [] }

def handler(input, _ctx)
  Sign.give(input)
end
