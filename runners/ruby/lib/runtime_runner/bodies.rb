# frozen_string_literal: true

require 'runtime_runner/http'
require 'runtime_runner/pieces'
require 'runtime_runner/run'

module RuntimeRunner
  # A response body under way, which goes out as it is produced (proto/PROTOCOL.md §9).
  class OutgoingBody
    attr_reader :transfer

    def initialize(outbox, transfer, window)
      @outbox = outbox
      @transfer = transfer
      @window = window
      @lock = Mutex.new
      @opened = ConditionVariable.new
    end

    # Sends all that the enumerator yields. Raises what its code raises, UnsendablePiece, Motia::Cancelled.
    def send_all(pieces, run, events:)
      fault = nil
      number = 0
      pieces.each do |piece|
        # The code around may have rescued it and gone on.
        raise fault if fault
        raise Motia::Cancelled, 'the body is no longer wanted' if run.cancel_reason

        write(Pieces.encode(piece, number += 1, events: events))
      rescue UnsendablePiece => error
        raise fault = error
      end
      raise fault if fault
    end

    # Makes the window so much wider.
    def open(size)
      @lock.synchronize do
        @window += size
        @opened.signal
      end
    end

    private

    # Sends the bytes, as the window and the outbox have room for them.
    def write(data)
      sent = 0
      while sent < data.bytesize
        part = data.byteslice(sent, room)
        Interrupts.held do
          @lock.synchronize { @window -= part.bytesize }
          @outbox.add_to_body(@transfer, part)
        end
        sent += part.bytesize
      end
    end

    # Bytes that may be sent, at least one; waits for them.
    def room
      @outbox.await_room
      @lock.synchronize do
        @opened.wait(@lock) until @window.positive?
        @window
      end
    end
  end

  # The bodies that are under way.
  class Bodies
    FEATURE = :FEATURE_STREAMED_BODIES

    def initialize(outbox, welcome)
      @outbox = outbox
      @limits = welcome.limits
      @agreed = welcome.features.include?(FEATURE)
      @lock = Mutex.new
      @open = {}
    end

    # How many there are.
    def size
      @lock.synchronize { @open.size }
    end

    # True for a response whose body is still to be produced.
    def take?(returned)
      @agreed && returned.is_a?(Hash) && (returned[:body] || returned['body']).is_a?(Enumerator)
    end

    # Sends a result whose body goes on after it; nil when `max_bodies` are under way.
    def begin(result)
      @lock.synchronize do
        return nil if @open.size >= @limits.max_bodies

        transfer = @outbox.begin_body(result)
        @open[transfer.id] = OutgoingBody.new(@outbox, transfer, @limits.body_window_bytes)
      end
    end

    # Lets a body go on; one that has ended is ignored.
    def read(message)
      @lock.synchronize { @open[message.transfer] }&.open(message.bytes)
    end

    # Ends the body; with a failure it is given up.
    def end(body, failure)
      @lock.synchronize { @open.delete(body.transfer.id) }
      @outbox.end_body(body.transfer, failure)
    end
  end
end
