# frozen_string_literal: true

require 'motia'

CONFIG = { type: 'event', name: 'stubborn', subscribes: ['stubborn'], emits: [] }

def handler(_input, ctx)
  wait { ctx.state.get('questions', 'may I wait') }
  loop { wait { sleep } }
end

def wait
  yield
rescue Motia::Cancelled
  nil
end
