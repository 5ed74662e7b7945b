# frozen_string_literal: true

require 'time'

CONFIG = { type: 'event', name: 'natives', subscribes: ['natives'], emits: [] }

def handler(_input, _ctx)
  {
    absent: nil,
    bytes: [0, 255].pack('C*'),
    date: Time.new(2024, 2, 29, 13, 30, 15, '+01:00'),
    list: [1, 2],
    large: 2**63
  }
end
