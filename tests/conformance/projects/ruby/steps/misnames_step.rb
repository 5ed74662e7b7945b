# frozen_string_literal: true

CONFIG = { type: 'event', name: 'misnames', subscribes: ['misnames'], emits: ['any'] }.freeze

NO_TEXT = "a\xED\xA0\x80"

def handler(input, ctx)
  tickets = ctx.streams.tickets
  case input
  when 'state group' then ctx.state.get(NO_TEXT, 'item')
  when 'state key' then ctx.state.set('shelf', NO_TEXT, 1)
  when 'state keys' then ctx.state.keys(NO_TEXT)
  when 'stream group' then tickets.get_group(NO_TEXT)
  when 'stream id' then tickets.set('shelf', NO_TEXT, {})
  when 'channel id' then tickets.send({ groupId: 'shelf', id: NO_TEXT }, { type: 'news', data: 1 })
  when 'text id' then ctx.stream.write(NO_TEXT, 'once')
  when 'topic' then ctx.emit(NO_TEXT, 1)
  when 'option' then ctx.emit('any', 1, messageGroupId: NO_TEXT)
  end
end
