# frozen_string_literal: true

require_relative 'lib/odd'

CONFIG = { type: 'event', name: 'nests', subscribes: ['nests'], emits: [] }

def handler(input, _ctx)
  Odd.nested(input)
end
