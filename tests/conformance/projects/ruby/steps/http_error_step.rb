# frozen_string_literal: true

require 'motia'

CONFIG = { type: 'api', name: 'http_error', path: '/http_error', method: 'POST', emits: [] }

def handler(_req, _ctx)
  raise Motia::HttpError.new(418, { error: 'a teapot' })
end
