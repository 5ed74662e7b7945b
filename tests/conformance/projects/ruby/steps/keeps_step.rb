# frozen_string_literal: true

CONFIG = { type: 'event', name: 'keeps', subscribes: ['keeps'], emits: [] }

def handler(input, ctx)
  returned = ctx.state.set('shelf', 'item', input)
  [returned, ctx.state.get('shelf', 'item')]
end
