# frozen_string_literal: true

require 'motia'

CONFIG = { type: 'event', name: 'stops', subscribes: ['stops'], emits: [] }

def handler(_input, ctx)
  ctx.state.get('questions', 'may I wait')
  sleep
rescue Motia::Cancelled
  'stopped'
end
