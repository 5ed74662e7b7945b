# frozen_string_literal: true

CONFIG = { type: 'event', name: 'asks_many', subscribes: ['asks_many'], emits: [] }

def handler(input, ctx)
  Array.new(input) { |number| Thread.new { ctx.state.get('questions', number.to_s) } }.map(&:value)
end
