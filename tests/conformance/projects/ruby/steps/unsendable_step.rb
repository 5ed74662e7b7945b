# frozen_string_literal: true

VALUES = {
  'function' => -> {},
  'surrogate' => "\xED\xA0\x80",
  'integer' => 2**64
}.freeze
CONFIG = { type: 'event', name: 'unsendable', subscribes: ['unsendable'], emits: [] }

def handler(input, _ctx)
  { items: [{}, { run: VALUES[input] }] }
end
