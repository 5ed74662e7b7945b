# frozen_string_literal: true

require 'runtime_runner/pb'

module RuntimeRunner
  # A payload that goes out in pieces, and the encoded envelope that follows the last of them.
  class Transfer
    attr_reader :envelope

    # `wanted` is called before each piece; the transfer is given up when it says no.
    def initialize(id, payload, envelope, wanted)
      @id = id
      @payload = payload
      @envelope = envelope
      @wanted = wanted
      @sent = 0
    end

    # False when its sender no longer wants it.
    def wanted?
      @wanted.nil? || @wanted.call
    end

    # Bytes that are still to be sent, the envelope's aside.
    def left
      @payload.bytesize - @sent
    end

    # What tells the core that nothing follows; nil when it has heard of no piece.
    def last_words
      return nil if @sent.zero?

      failure = Pb::Failure.new(kind: :FAILURE_KIND_CANCELLED, message: 'The run that sends this has ended.')
      Pb::Chunk.new(transfer: @id, aborted: failure)
    end

    # How many small envelopes must have gone out before its next piece may.
    def after
      0
    end

    # True while there are pieces to send.
    def more?
      left.positive?
    end

    # The next piece, at most so long.
    def next_chunk(size)
      expected_bytes = @sent.zero? ? @payload.bytesize : 0
      data = @payload.byteslice(@sent, size)
      @sent += data.bytesize
      Pb::Chunk.new(transfer: @id, data: data, last: !more?, expected_bytes: expected_bytes)
    end
  end

  # A body that goes out as it is produced; what has not been sent yet waits here.
  class BodyTransfer
    attr_reader :id
    attr_accessor :after

    def initialize(id)
      @id = id
      @after = 0
      @waiting = String.new(encoding: Encoding::BINARY)
      @end = nil
    end

    # True always: its run ends it, when that is cancelled too.
    def wanted?
      true
    end

    # No envelope follows.
    def envelope
      nil
    end

    # True while there are pieces to send.
    def more?
      !@waiting.empty? || !@end.nil?
    end

    # Takes the next bytes.
    def add(data)
      @waiting << data
    end

    # Ends the body behind what waits; with a failure it is given up.
    def end(failure)
      @end = Pb::Chunk.new(transfer: @id, last: failure.nil?, aborted: failure)
    end

    # The next piece, at most so long; the end comes with the last bytes, a failure behind them.
    def next_chunk(size)
      data = @waiting.slice!(0, size)
      return Pb::Chunk.new(transfer: @id, data: data) if !@waiting.empty? || @end.nil? || (@end.aborted && !data.empty?)

      @end.data = data
      @end.tap { @end = nil }
    end
  end

  # Holds encoded envelopes until the stream takes them; what waits goes out together when the previous write is done.
  # Used from any thread.
  class Outbox
    MAX_FRAME_ENVELOPES = 512
    MAX_FRAME_BYTES = 1 << 20
    MAX_FRAME_CHUNK_BYTES = 64 << 10 # of chunks in one frame, unless a single chunk is longer

    def initialize
      @lock = Mutex.new
      @news = ConditionVariable.new
      @room = ConditionVariable.new
      @end = Thread::Queue.new
      @waiting = []
      @transfers = []
      @last_transfer = 0
      @put = 0 # small envelopes that have come so far
      @taken = 0 # those of them that have gone out
      @queued_bytes = 0
      @chunks_waited = false
      @closed = false
      @last = nil
      @limits = Pb::Limits.new(chunk_bytes: 64 << 10, max_queued_bytes: 1 << 20)
    end

    # Takes over the bounds that the core has set; before, those of a greeting hold.
    def keep(limits)
      @lock.synchronize { @limits = limits }
    end

    # Queues an envelope that needs no transfer, such as `put(pong: ...)`. Never waits.
    def put(**kind)
      data = Pb::RunnerEnvelope.encode(Pb::RunnerEnvelope.new(**kind))
      @lock.synchronize { enter(data) }
    end

    # Queues a `result` or `host_call` with its payload, as a transfer when that is long. Never waits.
    #
    # A transfer is given up when `wanted`, which must not wait, says no before its last chunk.
    def carry(kind, message, payload, wanted: nil)
      if payload.bytesize <= @limits.chunk_bytes
        message.payload = payload
        return put(kind => message)
      end

      @lock.synchronize do
        message.payload_transfer = @last_transfer += 1
        data = Pb::RunnerEnvelope.encode(Pb::RunnerEnvelope.new(kind => message))
        @transfers << Transfer.new(@last_transfer, payload, data, wanted)
        grow(payload.bytesize)
      end
    end

    # Queues a result whose body follows it as a transfer. Never waits.
    def begin_body(result)
      @lock.synchronize do
        body = BodyTransfer.new(@last_transfer += 1)
        result.body_transfer = body.id
        enter(Pb::RunnerEnvelope.encode(Pb::RunnerEnvelope.new(result: result)))
        body.after = @put
        body
      end
    end

    # Queues the next bytes of a body. Never waits.
    def add_to_body(body, data)
      @lock.synchronize do
        line_up(body)
        body.add(data)
        grow(data.bytesize)
      end
    end

    # Queues the end of a body behind all small envelopes that wait: the log lines of its run are among them.
    def end_body(body, failure)
      @lock.synchronize do
        line_up(body)
        body.end(failure)
        body.after = @put
        grow(0)
      end
    end

    # Waits until fewer than `max_queued_bytes` are queued; producers call it before they queue.
    def await_room
      @lock.synchronize { @room.wait(@lock) while @queued_bytes >= @limits.max_queued_bytes }
    end

    # Ends `each` when everything queued, and then the last envelope, has been written; nothing may be put afterwards.
    def close(**last)
      @lock.synchronize do
        @last = Pb::RunnerEnvelope.encode(Pb::RunnerEnvelope.new(**last))
        @closed = true
        @news.signal
      end
    end

    # Waits until `each` has written all.
    def await_end
      @end.pop
    end

    # Gives encoded frames until `close`; each call of the block returns when the frame is written.
    def each
      while (frame = next_frame)
        yield frame
      end
    ensure
      @end.close
    end

    private

    def enter(data)
      @waiting << data
      @put += 1
      grow(data.bytesize)
    end

    def grow(size)
      @queued_bytes += size
      @news.signal
    end

    def line_up(body)
      @transfers << body unless body.more?
    end

    def next_frame
      @lock.synchronize do
        @news.wait(@lock) while idle? && !@closed
        return nil if idle? && @last.nil?

        enter(@last.tap { @last = nil }) if idle?
        frame_of(take.tap { @room.broadcast })
      end
    end

    def idle?
      @waiting.empty? && @transfers.empty?
    end

    def frame_of(envelopes)
      envelopes.each_with_object(String.new(encoding: Encoding::BINARY)) do |data, frame|
        frame << header(data.bytesize) << data
      end
    end

    # Chunks or small envelopes, not both: the other side reads a frame when all of it has come, and small
    # envelopes should not wait for chunks.
    def take
      takes_chunks = @waiting.empty? || (@chunks_waited && @transfers.any? { |transfer| ready?(transfer) })
      @chunks_waited = @transfers.any? && !takes_chunks
      takes_chunks ? take_chunks : take_small
    end

    def ready?(transfer)
      transfer.after <= @taken
    end

    def take_small
      size = 0
      count = @waiting.take(MAX_FRAME_ENVELOPES).take_while { |data| (size += data.bytesize) <= MAX_FRAME_BYTES }.size
      taken = @waiting.shift([count, 1].max)
      @taken += taken.size
      @queued_bytes -= taken.sum(&:bytesize)
      taken
    end

    # A chunk each from the transfers that have waited longest, which then go to the end of the line.
    def take_chunks
      room = MAX_FRAME_CHUNK_BYTES
      taken = []
      @transfers.size.times do
        break if room <= 0

        transfer = @transfers.shift
        next @transfers << transfer unless ready?(transfer)

        next unless (chunk = chunk_of(transfer))

        room -= chunk.data.bytesize
        taken << Pb::RunnerEnvelope.encode(Pb::RunnerEnvelope.new(chunk: chunk))
      end
      taken
    end

    # The next piece of a transfer whose turn it is; nil when it is given up before its first.
    def chunk_of(transfer)
      unless transfer.wanted?
        @queued_bytes -= transfer.left
        return transfer.last_words
      end
      chunk = transfer.next_chunk(@limits.chunk_bytes)
      @queued_bytes -= chunk.data.bytesize
      requeue(transfer)
      chunk
    end

    def requeue(transfer)
      if transfer.more?
        @transfers << transfer
      elsif transfer.envelope
        # Behind everything queued: a result must not overtake the logs of its run.
        enter(transfer.envelope)
      end
    end

    # A `RunnerFrame` on the wire is its envelopes one after the other, each behind the tag of field 1 and its size.
    def header(size)
      bytes = [0x0a]
      while size > 0x7f
        bytes << ((size & 0x7f) | 0x80)
        size >>= 7
      end
      (bytes << size).pack('C*')
    end
  end
end
