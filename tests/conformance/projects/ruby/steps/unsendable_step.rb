# frozen_string_literal: true

require_relative 'lib/odd'

CONFIG = { type: 'event', name: 'unsendable', subscribes: ['unsendable'], emits: [] }

def handler(input, _ctx)
  Odd.unsendable(input)
end
