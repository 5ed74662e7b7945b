# frozen_string_literal: true

CONFIG = { type: 'event', name: 'echo', subscribes: ['echo'], emits: [] }

def handler(input, _ctx)
  input
end
