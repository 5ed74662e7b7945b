# frozen_string_literal: true

def self.around(name)
  lambda do |req, _ctx, nxt|
    req.body.seen << name
    response = nxt.call
    next if req.body['silent']

    { **response, body: [*response[:body], name] }
  end
end

CONFIG = {
  type: 'api',
  name: 'wraps',
  path: '/wraps',
  method: 'POST',
  emits: [],
  middleware: [around('outer'), around('inner')]
}.freeze

def handler(req, _ctx)
  raise IndexError, 'no place behind the middleware' if req.body['throws']

  { status: 200, body: [*req.body.seen, 'handler'] }
end
