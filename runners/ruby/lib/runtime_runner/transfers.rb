# frozen_string_literal: true

module RuntimeRunner
  # The core sent what the protocol does not allow; the message says what.
  class ProtocolError < StandardError; end

  # Puts payloads that arrive in chunks together, each at most `max_payload_bytes` long. For one thread.
  class Transfers
    # The pieces of a transfer so far.
    Incoming = Struct.new(:data, :complete)

    def initialize(max_payload_bytes)
      @max_payload_bytes = max_payload_bytes
      @open = {}
    end

    # Takes a piece. Raises ProtocolError for one too many.
    def add(chunk)
      return @open.delete(chunk.transfer) if chunk.aborted

      incoming = @open[chunk.transfer] ||= Incoming.new(String.new(encoding: Encoding::BINARY), false)
      raise ProtocolError, "Transfer #{chunk.transfer} goes on after its last chunk." if incoming.complete

      incoming.data << chunk.data
      incoming.complete = chunk.last
      return if incoming.data.bytesize <= @max_payload_bytes

      raise ProtocolError, "Transfer #{chunk.transfer} is longer than #{@max_payload_bytes} bytes."
    end

    # The payload of a message, wherever it stands. Raises ProtocolError for a transfer that is not complete.
    def payload_of(message)
      return message.payload if message.payload_transfer.zero?

      incoming = @open.delete(message.payload_transfer)
      return incoming.data if incoming&.complete

      raise ProtocolError, "An envelope names transfer #{message.payload_transfer}, which is not complete."
    end
  end
end
