# frozen_string_literal: true

CONFIG = { type: 'event', name: 'big', subscribes: ['big'], emits: [] }

def handler(input, _ctx)
  'x' * input
end
