# frozen_string_literal: true

require 'runtime_runner/unjoined'
require 'runtime_runner/work'

module RuntimeRunner
  # One invocation until its result, or until the end of the body that follows it.
  class Run < Work
    attr_reader :id, :invoke, :started_at
    attr_accessor :body

    # What it has printed behind the last line break, by level.
    attr_accessor :unfinished

    def initialize(invoke)
      super()
      @invoke = invoke
      @id = invoke.invocation_id
      @started_at = Time.now
      @unfinished = {}
      @open_calls = 0
      @sent_calls = 0
      @unjoined = Unjoined.new
    end

    # Runs the block, which must not wait, before or after the end but not across it, and tells it which.
    def hold
      @lock.synchronize { yield ended? }
    end

    # Counts a call and waits until fewer than `most` others are sent. False after the end. Raises Motia::Cancelled.
    def open_call(most)
      @lock.synchronize do
        return false if ended?

        @open_calls += 1
        await_turn(most)
        @sent_calls += 1
        true
      end
    end

    # Ends an open call.
    def close_call
      @lock.synchronize do
        @open_calls -= 1
        @sent_calls -= 1
        @changed.broadcast
      end
    end

    # Notes that a call of a thread fails with the error. The handler's own thread needs no note.
    def fail_call(error, thread)
      @lock.synchronize { @unjoined.add(error, thread) unless thread.equal?(@thread) }
    end

    # Waits until every call is answered, those of threads that the handler has left behind; returns the errors of
    # calls that nobody has noticed.
    def settle
      @lock.synchronize { @changed.wait(@lock) until @open_calls.zero? || ended? }
      @unjoined.errors
    end

    private

    def await_turn(most)
      Interrupts.allowed { @changed.wait(@lock) until @sent_calls < most || ended? }
    rescue Motia::Cancelled
      @open_calls -= 1
      @changed.broadcast
      raise
    end
  end
end
