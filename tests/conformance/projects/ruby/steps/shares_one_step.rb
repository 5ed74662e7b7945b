# frozen_string_literal: true

require_relative 'lib/counter'

CONFIG = { type: 'event', name: 'shares_one', subscribes: ['shares_one'], emits: [] }

def handler(_input, _ctx)
  Counter.increment
end
