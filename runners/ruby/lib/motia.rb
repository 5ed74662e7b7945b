# frozen_string_literal: true

# What step files require from the runtime: the errors that mean something to it.
module Motia
  # Ends an api step with this HTTP status (100 to 599) and body.
  #
  # The body follows the rules of a returned body; nil sends none. Raises ArgumentError for a
  # status that is no HTTP status.
  class HttpError < StandardError
    STATUSES = 100..599

    attr_reader :status, :body

    def initialize(status, body = nil)
      unless status.is_a?(Integer) && STATUSES.cover?(status)
        raise ArgumentError, "HttpError needs a status from 100 to 599, not #{status.inspect}."
      end

      super("HTTP #{status}#{reason(body)}")
      @status = status
      @body = body
    end

    private

    def reason(body)
      text = body.is_a?(Hash) ? body[:error] || body['error'] : body
      text.is_a?(String) ? ": #{text}" : ''
    end
  end

  # Says that another attempt is of no use: an event goes straight to the dead letters.
  class NonRetriableError < StandardError; end

  # What is stored has another version than `state.set` has named with `if_version`.
  class VersionConflict < StandardError; end

  # Raised in a handler that waits (for a host call, for input, in `sleep`) when its result is no longer wanted.
  #
  # As with Interrupt, a plain `rescue` does not catch it. A handler that computes looks at `ctx.cancelled?`.
  class Cancelled < Exception; end # rubocop:disable Lint/InheritException
end
