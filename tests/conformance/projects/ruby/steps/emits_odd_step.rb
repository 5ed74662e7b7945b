# frozen_string_literal: true

require_relative 'lib/odd'

CONFIG = { type: 'event', name: 'emits_odd', subscribes: ['emits_odd'], emits: [] }

def handler(input, ctx)
  ctx.emit(topic: 'letters', data: Odd::VALUES.key?(input) ? Odd.unsendable(input) : Odd.nested(input))
rescue StandardError => error
  "caught: #{error.message}"
end
