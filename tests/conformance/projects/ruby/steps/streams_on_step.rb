# frozen_string_literal: true

require 'motia'
require_relative 'lib/signal'

CONFIG = { type: 'api', name: 'streams_on', path: '/streams_on', method: 'POST', emits: [] }

def handler(req, _ctx)
  { status: 200, body: req.body == 'stubborn' ? stubborn : polite }
end

def polite
  Enumerator.new do |out|
    out << 'begun'
    sleep
  ensure
    Sign.give('cleaned up')
  end
end

def stubborn
  Enumerator.new do |out|
    out << 'begun'
    loop { wait }
  end
end

def wait
  sleep
rescue Motia::Cancelled
  nil
end
