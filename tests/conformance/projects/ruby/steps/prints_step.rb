# frozen_string_literal: true

CONFIG = { type: 'event', name: 'prints', subscribes: ['prints'], emits: [] }

def handler(input, _ctx)
  streams = { 'stdout' => $stdout, 'stderr' => $stderr }
  input.each { |stream, text| streams[stream].print(text) }
  nil
end
