# frozen_string_literal: true

ANSWERS = {
  'text' => { status: 201, body: 'grüße', headers: { 'x-one' => '1', 'x-many' => %w[1 2] } },
  'bytes' => { status: 200, body: [0, 255].pack('C*') },
  'none' => { status: 204 },
  'map' => { body: { a: [1, true, nil, 'ä'] } },
  'list' => { status: 200, body: [] },
  'number' => { status: 200, body: 7.5 },
  'boolean' => { status: 200, body: false },
  'no map' => ['status', 200],
  'a string' => 'hello',
  'nothing' => nil
}.freeze
CONFIG = { type: 'api', name: 'responds', path: '/responds', method: 'POST', emits: [] }

def handler(req, _ctx)
  ANSWERS[req.body]
end
