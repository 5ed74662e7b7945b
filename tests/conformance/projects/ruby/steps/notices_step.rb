# frozen_string_literal: true

CONFIG = {
  name: 'notices',
  triggers: [
    { type: 'state', groupId: 'shelf' },
    { type: 'stream', streamName: 'tickets', on: %w[create delete] }
  ],
  emits: []
}.freeze

def handler(change, ctx)
  [change, ctx.trigger.type, ctx.trigger.source]
end
