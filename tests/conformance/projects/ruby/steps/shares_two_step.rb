# frozen_string_literal: true

require "#{Dir.pwd}/steps/lib/counter"

CONFIG = { type: 'event', name: 'shares_two', subscribes: ['shares_two'], emits: [] }

def handler(_input, _ctx)
  Counter.increment
end
