# frozen_string_literal: true

require 'motia'
require 'runtime_runner/unjoined'

module RuntimeRunner
  # Where `Motia::Cancelled` may strike a thread: only in user code, and there only where it waits.
  module Interrupts
    module_function

    # Runs the block, and the threads it starts, without being cancelled.
    def held(&block)
      Thread.handle_interrupt(Motia::Cancelled => :never, &block)
    end

    # Lets waits inside the block be cancelled again.
    def allowed(&block)
      Thread.handle_interrupt(Motia::Cancelled => :on_blocking, &block)
    end
  end

  # One invocation until its result, or until the end of the body that follows it. Used from any thread.
  class Run
    attr_reader :id, :invoke, :started_at, :cancel_reason
    attr_accessor :body

    def initialize(invoke)
      @invoke = invoke
      @id = invoke.invocation_id
      @started_at = Time.now
      @lock = Mutex.new
      @changed = ConditionVariable.new
      @stage = :waiting
      @open_calls = 0
      @sent_calls = 0
      @unjoined = Unjoined.new
    end

    # True when the run has its result, and all of its body.
    def ended?
      @stage == :ended
    end

    # Runs the block, the user's code, in the current thread, where `cancel` can reach it. Raises what it raises.
    def perform(&block)
      @lock.synchronize do
        raise Motia::Cancelled, 'the result is no longer wanted' if @cancel_reason || ended?

        @thread = Thread.current
        @stage = :running
      end
      Interrupts.allowed(&block)
    ensure
      @lock.synchronize { @stage = :finishing if @stage == :running }
    end

    # Notes why the result is no longer wanted, and raises `Motia::Cancelled` in the user's code; only the first time.
    # False when it was cancelled before.
    def cancel(reason)
      @lock.synchronize do
        return false if @cancel_reason || ended?

        @cancel_reason = reason
        @thread.raise(Motia::Cancelled, 'the result is no longer wanted') if @stage == :running
        true
      end
    end

    # Ends the run; true for the one who does so first and now owes the result.
    def end
      @lock.synchronize do
        return false if ended?

        @stage = :ended
        @changed.broadcast
        true
      end
    end

    # Waits for the end for at most so many seconds; true when it has come.
    def ended_within?(seconds)
      deadline = Run.clock + seconds
      @lock.synchronize do
        while !ended? && (left = deadline - Run.clock).positive?
          @changed.wait(@lock, left)
        end
        ended?
      end
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

    # Seconds that only ever grow.
    def self.clock
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
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
