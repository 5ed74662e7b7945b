# frozen_string_literal: true

CONFIG = { type: 'event', name: 'tells', subscribes: ['tells'], emits: [] }.freeze

def handler(input, ctx)
  input.each { |piece| ctx.stream.write('story', piece) }
  ctx.stream.close('story')
  'told'
end
