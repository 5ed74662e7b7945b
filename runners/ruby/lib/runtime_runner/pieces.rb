# frozen_string_literal: true

require 'runtime_runner/http'
require 'runtime_runner/values'

module RuntimeRunner
  # A piece of a streamed body that cannot be sent; the message says which.
  class UnsendablePiece < StandardError; end

  # The pieces that a streamed body is made of, as bytes (proto/PROTOCOL.md §9).
  module Pieces
    EVENT_FIELDS = %w[event id retry].freeze
    END_OF_LINE = /\r\n|\r|\n/.freeze

    module_function

    # The bytes of a body's piece; `number` counts from 1. Raises UnsendablePiece.
    def encode(piece, number, events:)
      case piece
      when String then Values.plain(piece, '').b
      when Symbol then piece.name.b
      when Hash then events ? event(piece.transform_keys(&:to_s)).b : refuse(piece, events)
      else refuse(piece, events)
      end
    rescue Unsendable => fault
      raise UnsendablePiece, "body piece #{number}#{fault.message}", cause: nil
    end

    # A server-sent event (HTML standard, section 9.2).
    def event(piece)
      unknown = piece.keys - EVENT_FIELDS - ['data']
      raise Unsendable, "has the key #{unknown.first.inspect}; an event has data, event, id and retry." if unknown.any?

      lines = EVENT_FIELDS.reject { |name| piece[name].nil? }.map { |name| "#{name}: #{line(name, piece[name])}" }
      lines.concat(data_lines(piece['data'])) if piece.key?('data')
      [*lines, "\n"].join("\n")
    end

    def data_lines(data)
      text = data.is_a?(String) ? Values.plain(data, '.data', json: true) : Http.to_json(data, '.data')
      # Without a limit of -1 empty lines at the end would be lost, and without the condition an empty text.
      (text.empty? ? [''] : text.split(END_OF_LINE, -1)).map { |line| "data: #{line}" }
    end

    # A field's text, which is one line.
    def line(name, value)
      return retry_of(value) if name == 'retry'
      raise Unsendable.new("is a #{value.class}; it is text.", ".#{name}") unless text?(value)

      text = Values.plain(value.to_s, ".#{name}", json: true)
      return text unless text.match?(/[\r\n\0]/)

      raise Unsendable.new('has a line break or a NUL; it is one line.', ".#{name}")
    end

    def retry_of(value)
      return value.to_s if value.is_a?(Integer) && !value.negative?

      raise Unsendable.new("is #{value.inspect}; it is a whole number of milliseconds.", '.retry')
    end

    def text?(value)
      [String, Symbol, Integer].any? { |type| value.is_a?(type) }
    end

    def refuse(piece, events)
      allowed = events ? 'text, bytes or an event such as { data: ... }' : 'text or bytes'
      hint = piece.is_a?(Hash) ? "; a Hash is sent as an event of the content type #{Http::EVENT_STREAM}" : ''
      raise Unsendable, "is a #{piece.class}; a piece is #{allowed}#{hint}."
    end

    private_class_method :event, :data_lines, :line, :retry_of, :text?, :refuse
  end
end
