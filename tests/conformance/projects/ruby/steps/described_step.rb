# frozen_string_literal: true

# What dry-schema's schemas are like.
class Order
  def self.json_schema
    { type: 'object', properties: { id: { type: 'string' } } }
  end
end

CHECK = ->(_req, _ctx, nxt) { nxt.call }
CONFIG = {
  type: 'api',
  name: 'described',
  path: '/described',
  method: 'POST',
  emits: ['a.topic', { topic: 'b.topic', label: 'B' }],
  flows: %w[one two],
  middleware: [CHECK],
  infrastructure: { handler: { timeout: 60 }, onSlow: CHECK },
  bodySchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  responseSchema: { 200 => Order, 404 => { type: 'object', properties: { error: { type: 'string' } } } }
}.freeze

def handler(_req, _ctx)
  { status: 200, body: {} }
end
