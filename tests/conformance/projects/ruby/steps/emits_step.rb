# frozen_string_literal: true

CONFIG = { type: 'event', name: 'emits', subscribes: ['emits'], emits: [] }

def handler(input, ctx)
  ctx.emit(topic: 'letters', data: input)
end
