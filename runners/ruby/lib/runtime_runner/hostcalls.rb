# frozen_string_literal: true

require 'runtime_runner/failure'
require 'runtime_runner/run'
require 'runtime_runner/values'

module RuntimeRunner
  # A host call was made after its invocation had ended.
  class TooLate < StandardError; end

  # Calls of running handlers to the core, from the moment they are made until they are answered. A call blocks the
  # thread that makes it; at most `max_host_calls` of a run are sent, the others wait.
  class HostCalls
    # A call whose answer is due, and where the answer goes.
    Pending = Struct.new(:run, :request, :thread, :answer)

    def initialize(outbox, limits)
      @outbox = outbox
      @limits = limits
      @lock = Mutex.new
      @pending = {}
      @last_id = 0
    end

    # Sends the call and returns the value of the answer. Fields: those of HostCall.
    #
    # Raises TooLate after the run has ended, ArgumentError for more than `max_payload_bytes`, HostCallError or
    # Motia::VersionConflict when the core refuses, Motia::Cancelled.
    def call(run, operation, payload: '', **fields)
      request = Pb::HostCall.new(invocation_id: run.id, op: operation, **fields)
      check_size(request, payload)
      Interrupts.held do
        raise too_late(request) unless run.open_call(@limits.max_host_calls)

        pending = Pending.new(run, request, Thread.current, Thread::Queue.new)
        transmit(pending, payload)
        reply = Interrupts.allowed { pending.answer.pop }
        reply.is_a?(Exception) ? raise(reply) : Values.decode(reply)
      end
    end

    # Ends the call that is answered; one that nobody waits for any more is ignored.
    def answer(reply, payload)
      pending = @lock.synchronize { @pending.delete(reply.call_id) }
      return if pending.nil?

      error = reply.failure && Answered.of(reply.failure)
      pending.run.fail_call(error, pending.thread) if error
      pending.run.close_call
      pending.answer << (error || payload)
    end

    # Drops what an ended run still waits for, so that no thread of it hangs.
    def abandon(run)
      dropped = @lock.synchronize do
        mine = @pending.select { |_, pending| pending.run.equal?(run) }
        mine.each_key { |id| @pending.delete(id) }
        mine.values
      end
      dropped.each { |pending| pending.answer << too_late(pending.request) }
    end

    private

    def transmit(pending, payload)
      Interrupts.allowed { @outbox.await_room }
      pending.run.hold do |ended|
        raise too_late(pending.request) if ended

        @outbox.carry(:host_call, enter(pending), payload, wanted: -> { !pending.run.ended? })
      end
    rescue TooLate, Motia::Cancelled
      pending.run.close_call
      raise
    end

    def enter(pending)
      @lock.synchronize do
        pending.request.call_id = @last_id += 1
        @pending[@last_id] = pending
        pending.request
      end
    end

    def check_size(request, payload)
      if payload.bytesize > @limits.max_payload_bytes
        raise ArgumentError, "The value of #{name_of(request)} has #{payload.bytesize} bytes; " \
                             "at most #{@limits.max_payload_bytes} are allowed."
      end
      names = [request.target, request.group, request.key, request.options].sum(&:bytesize)
      return if names <= @limits.chunk_bytes

      raise ArgumentError, "The names and options of #{name_of(request)} have #{names} bytes; " \
                           "at most #{@limits.chunk_bytes} are allowed."
    end

    def name_of(request)
      request.op.name.delete_prefix('HOST_OP_').downcase.sub('_', '.').sub('text.', 'stream.')
    end

    def too_late(request)
      TooLate.new("#{name_of(request)} was called after its invocation had ended. " \
                  'Join the threads that the handler starts, or emit an event and do the rest in its step.')
    end
  end
end
