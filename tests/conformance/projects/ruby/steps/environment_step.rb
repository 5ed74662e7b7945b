# frozen_string_literal: true

AT_LOAD = ENV.keys.sort
CONFIG = { type: 'event', name: 'environment', subscribes: ['environment'], emits: [] }

def handler(_input, _ctx)
  { atLoad: AT_LOAD, now: ENV.keys.sort }
end
