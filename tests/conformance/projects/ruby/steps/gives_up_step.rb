# frozen_string_literal: true

require 'motia'

CONFIG = { type: 'event', name: 'gives_up', subscribes: ['gives_up'], emits: [] }

def handler(_input, _ctx)
  raise ArgumentError, 'code 43'
rescue ArgumentError
  raise Motia::NonRetriableError, 'the card is stolen'
end
