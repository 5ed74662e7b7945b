# frozen_string_literal: true

require 'motia'
require_relative 'lib/late'
require_relative 'lib/signal'

CONFIG = { type: 'event', name: 'outlasts', subscribes: ['outlasts'], emits: [] }

def handler(_input, ctx)
  begin
    ctx.state.get('questions', 'may I wait')
    sleep
  rescue Motia::Cancelled
    Late.work(ctx)
  end
  puts 'outlasted'
  Sign.give('outlasted')
end
