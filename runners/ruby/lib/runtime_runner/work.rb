# frozen_string_literal: true

require 'motia'

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

  # Something of the user's that runs in a thread of its own and owes one answer. Used from any thread.
  class Work
    attr_reader :cancel_reason

    def initialize
      @lock = Mutex.new
      @changed = ConditionVariable.new
      @stage = :waiting
    end

    # True when the answer was given.
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

    # Ends it; true for the one who does so first and now owes the answer.
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
      @lock.synchronize { Work.wait(@lock, @changed, seconds) { ended? } }
    end

    # Waits, with the lock held, until the block says yes, for at most so many seconds; what it says then.
    def self.wait(lock, changed, seconds)
      deadline = clock + seconds
      until (done = yield) || (left = deadline - clock) <= 0
        changed.wait(lock, left)
      end
      done
    end

    # Seconds that only ever grow.
    def self.clock
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
