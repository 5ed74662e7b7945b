# frozen_string_literal: true

require 'motia'

CONFIG = { type: 'event', name: 'stubborn', subscribes: ['stubborn'], emits: [] }

def handler(_input, ctx)
  ctx.state.get('questions', 'may I wait')
  loop { wait }
end

def wait
  sleep
rescue Motia::Cancelled
  nil
end
