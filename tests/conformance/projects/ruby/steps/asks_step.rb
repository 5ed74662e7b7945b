# frozen_string_literal: true

CONFIG = { type: 'event', name: 'asks', subscribes: ['asks'], emits: [] }

def handler(input, ctx)
  ctx.state.get('questions', input)
end
