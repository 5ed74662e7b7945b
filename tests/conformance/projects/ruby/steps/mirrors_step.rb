# frozen_string_literal: true

require_relative 'lib/signal'

CONFIG = { type: 'api', name: 'mirrors', path: '/mirrors', method: 'POST', emits: [] }
PARTS = %w[method path pathParams queryParams headers body rawBody].freeze

def handler(req, _ctx)
  Sign.give('mirroring')
  { status: 200, body: PARTS.to_h { |part| [part, describe(req[part])] } }
end

def describe(value)
  bytes = value.is_a?(String) && value.encoding == Encoding::BINARY
  bytes ? { bytes: value.bytes } : value
end
