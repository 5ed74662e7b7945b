# frozen_string_literal: true

# What dry-schema's schemas are like.
class Order
  def self.json_schema
    { type: 'object', properties: { id: { type: 'string' } } }
  end
end

def self.text(name)
  { type: 'object', properties: { name => { type: 'string' } } }
end

CHECK = ->(_req, _ctx, nxt) { nxt.call }
CONFIG = {
  type: 'api',
  name: 'described',
  path: '/described',
  method: 'POST',
  emits: ['a.topic', { topic: 'b.topic', label: 'B', schema: text('label') }],
  flows: %w[one two],
  middleware: [CHECK],
  infrastructure: { handler: { timeout: 60 }, onSlow: CHECK },
  input: text('line'),
  bodySchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  queryParams: [{ name: 'page', description: 'which' }, { name: 'size', schema: text('size') }],
  pathParams: text('id'),
  responseSchema: { 200 => Order, 404 => { type: 'object', properties: { error: { type: 'string' } } } },
  triggers: [
    { type: 'event', topic: 'a.topic', input: text('event') },
    {
      type: 'api',
      bodySchema: text('body'),
      queryParams: text('query'),
      pathParams: text('path'),
      responseSchema: text('answer'),
      emits: [{ topic: 'c.topic', schema: Order }]
    }
  ]
}.freeze

def handler(_req, _ctx)
  { status: 200, body: {} }
end
