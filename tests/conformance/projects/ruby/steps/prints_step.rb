# frozen_string_literal: true

CONFIG = { type: 'event', name: 'prints', subscribes: ['prints'], emits: [] }

def handler(input, _ctx)
  puts input
end
