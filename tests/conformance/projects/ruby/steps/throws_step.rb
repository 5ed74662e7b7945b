# frozen_string_literal: true

require 'json'
require_relative 'lib/stock'

CONFIG = { type: 'event', name: 'throws', subscribes: ['throws'], emits: [] }

def handler(_input, _ctx)
  # Through a frame of the standard library, which is not the project's own.
  JSON.load('{}', method(:reject))
end

def reject(_order)
  Stock.take('lemons')
rescue StockMissing
  raise OrderRejected, 'order 7 is rejected'
end
