# frozen_string_literal: true

require 'motia'

CONFIG = { type: 'event', name: 'claims', subscribes: ['claims'], emits: [] }.freeze

def handler(input, ctx)
  entry = ctx.state.get_entry('shelf', 'item')
  ctx.state.set('shelf', 'item', 'mine', ttl: 60, if_version: entry ? entry.version : 0)
  entry
rescue Motia::VersionConflict => error
  raise unless input == 'catch'

  "conflict: #{error.message}"
end
