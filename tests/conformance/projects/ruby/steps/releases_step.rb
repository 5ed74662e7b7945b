# frozen_string_literal: true

require_relative 'lib/latch'

CONFIG = { type: 'event', name: 'releases', subscribes: ['releases'], emits: [] }

def handler(_input, _ctx)
  Latch::RELEASED.close
  Latch::OUTCOME.pop
end
