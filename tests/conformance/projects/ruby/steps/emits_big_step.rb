# frozen_string_literal: true

CONFIG = { type: 'event', name: 'emits_big', subscribes: ['emits_big'], emits: [] }

def handler(input, ctx)
  ctx.emit(topic: 'letters', data: 'x' * input)
rescue StandardError => error
  "caught: #{error.message}"
end
