# frozen_string_literal: true

CONFIG = { type: 'event', name: 'gives_way', subscribes: ['gives_way'], emits: [] }

def handler(_input, ctx)
  ctx.state.get('questions', 'may I wait')
  sleep
end
