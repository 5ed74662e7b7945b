# frozen_string_literal: true

CONFIG = { type: 'event', name: 'tries', subscribes: ['tries'], emits: [] }

def handler(input, ctx)
  ctx.state.get('questions', input)
  'nothing was thrown'
rescue StandardError => error
  "caught: #{error.message}"
end
