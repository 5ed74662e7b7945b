# frozen_string_literal: true

require 'runtime_runner/bodies'
require 'runtime_runner/context'
require 'runtime_runner/failure'
require 'runtime_runner/http'
require 'runtime_runner/prints'
require 'runtime_runner/run'
require 'runtime_runner/values'

module RuntimeRunner
  # The payload cannot be given to the handler.
  class InvalidInput < StandardError; end

  # From `Invoke` to its one `Result`, and to the end of a body that follows it: the running invocations of the
  # connection, each in a thread of its own.
  class Executor
    DRAIN_CANCEL_GRACE_MS = 500 # what a run that outlives the grace of a `Drain` gets to react to its cancellation

    def initialize(outbox, calls, logs, prints, bodies, limits, project)
      @outbox = outbox
      @calls = calls
      @logs = logs
      @prints = prints
      @bodies = bodies
      @limits = limits
      @project = project
      @lock = Mutex.new
      @idle = ConditionVariable.new
      @steps = {}
      @runs = {}
      @abandoned = {}
      @draining = false
    end

    # Invocations without a result.
    def in_flight
      @lock.synchronize { @runs.size } - @bodies.size
    end

    # Runs these steps from now on and no others.
    def replace_steps(steps)
      @lock.synchronize { @steps = steps }
    end

    # Starts the handler, or answers at once why it does not run.
    def invoke(message, payload)
      run = Run.new(message)
      step, refusal = @lock.synchronize { admit(run) }
      return send_result(run, refusal) if refusal

      # The thread inherits that it may not be cancelled, but for the user's code in it.
      Interrupts.held { Thread.new { carry_out(run, step, payload) } }
    end

    # Asks a run to stop; answers in its place when the grace has passed.
    def cancel(message)
      run = @lock.synchronize { @runs[message.invocation_id] }
      stop(run, message.reason, message.grace_ms) if run
    end

    # Returns when every run has its result; cancels what still runs after the grace.
    def drain(grace_ms)
      @lock.synchronize { @draining = true }
      return if idle_within?(grace_ms)

      @lock.synchronize { @runs.values }.each do |run|
        # One that was told once already may have been given more time.
        run.cancel(:CANCEL_REASON_SHUTDOWN)
        answer_within(run, DRAIN_CANCEL_GRACE_MS)
      end
      nil until idle_within?(DRAIN_CANCEL_GRACE_MS)
    end

    private

    # The step of a run that may begin, or else the failure that says why not.
    def admit(run)
      step = @steps[run.invoke.step_file]
      if @draining
        [nil, Failure.new(:FAILURE_KIND_OVERLOADED, 'This runner is stopping.')]
      elsif @runs.size - @bodies.size + @abandoned.size >= @limits.max_in_flight
        [nil, Failure.new(:FAILURE_KIND_OVERLOADED, full)]
      elsif step.nil?
        text = "The Ruby runner has no step #{run.invoke.step_file.inspect} with a handler."
        [nil, Failure.new(:FAILURE_KIND_UNKNOWN_STEP, text)]
      else
        @runs[run.id] = run
        [step, nil]
      end
    end

    def full
      text = "This runner has #{@limits.max_in_flight} threads for invocations and none is free."
      @abandoned.empty? ? text : "#{text} #{@abandoned.size} of them went on after they were cancelled."
    end

    def carry_out(run, step, payload)
      RunThreads.new(run)
      outcome = Failure.new(:FAILURE_KIND_HANDLER, "#{step.file} ended its own thread.")
      outcome = outcome_of(run, step, payload)
      @outbox.await_room
    ensure
      finish(run, outcome)
      @lock.synchronize { @abandoned.delete(run) }
    end

    def outcome_of(run, step, payload)
      returned, error = attempt { call(run, step, payload) }
      failed(run, error) || (streamed?(run, returned) ? stream(run, returned) : encode(run, returned))
    end

    # The failure of user code that has ended with this error or nil, or in calls that it has left behind; nil for none.
    def failed(run, error)
      errors = [*error, *run.settle].uniq
      return nil if errors.empty?

      errors.drop(1).each do |other|
        @logs.write(run, :LOG_LEVEL_ERROR, "A call of a thread that was left behind failed as well: #{other.message}")
      end
      failure_of(run, errors.first)
    end

    def streamed?(run, returned)
      run.invoke.trigger == :TRIGGER_KIND_API && @bodies.take?(returned)
    end

    # Sends a response and its body; returns the failure of the body, nil for none.
    def stream(run, returned)
      failure = begin_body(run, returned)
      return failure if failure

      pieces = returned[:body] || returned['body']
      events = Http.event_stream?(returned)
      _, error = attempt { run.perform { run.body.send_all(pieces, run, events: events) } }
      failed(run, error)
    end

    # Sends the result; the failure when there can be none with this body.
    def begin_body(run, returned)
      return cancelled(run) if run.cancel_reason

      head = Http.head_of(returned)
      most = @limits.chunk_bytes
      return refused("The headers have #{head.bytesize} bytes, over #{most} before a body.") if head.bytesize > most

      run.body = @bodies.begin(Pb::Result.new(invocation_id: run.id, payload: head))
      return nil if run.body

      Failure.new(:FAILURE_KIND_OVERLOADED, "#{@limits.max_bodies} streamed bodies are under way, which is the limit.")
    rescue StandardError => error # a returned object may raise anything while it is read
      unsendable(error)
    end

    def attempt
      [yield, nil]
    rescue Exception => error # rubocop:disable Lint/RescueException -- whatever user code raises is its result
      [nil, error]
    end

    def call(run, step, payload)
      given = decode(payload, run.invoke.trigger)
      context = Context.new(run, @calls, @logs, step.flows)
      run.perform do
        case run.invoke.trigger
        when :TRIGGER_KIND_API then pass_through(step, given, context)
        when :TRIGGER_KIND_CRON then step.handler.call(*(step.handler.takes_one? ? [context] : [given, context]))
        else step.handler.call(given, context)
        end
      end
    end

    def decode(payload, trigger)
      given = Values.decode(payload)
      trigger == :TRIGGER_KIND_API ? Http.request_of(given) : given
    rescue ArgumentError, MalformedBody => error
      raise InvalidInput, error.message
    end

    # Calls the middleware from `place` on, the handler innermost.
    def pass_through(step, request, context, place = 0)
      middleware = step.middleware[place]
      return step.handler.call(request, context) if middleware.nil?

      called = inner = nil
      go_on = lambda do
        raise "middleware #{place + 1} of #{step.file} called next twice" if called

        called = true
        inner = pass_through(step, request, context, place + 1)
      end
      returned = middleware.call(request, context, go_on)
      # A middleware that only does something before may forget to return what `next` gave.
      returned.nil? ? inner : returned
    end

    def stop(run, reason, grace_ms)
      answer_within(run, grace_ms) if run.cancel(reason)
    end

    def answer_within(run, grace_ms)
      Thread.new { answer_in_place(run) unless run.ended_within?(grace_ms / 1000.0) }
    end

    def answer_in_place(run)
      @lock.synchronize { @abandoned[run] = true }
      return @lock.synchronize { @abandoned.delete(run) } unless finish(run, cancelled(run))

      @logs.write(nil, :LOG_LEVEL_WARN, "#{run.invoke.step_file} goes on after it was cancelled.")
    end

    def encode(run, returned)
      api = run.invoke.trigger == :TRIGGER_KIND_API
      payload = if api then Http.response_of(returned)
                else returned.nil? ? '' : Values.encode(returned, 'result')
                end
      return payload if payload.bytesize <= @limits.max_payload_bytes

      refused("The result has #{payload.bytesize} bytes; at most #{@limits.max_payload_bytes} are allowed.")
    rescue StandardError => error # a returned object may raise anything while it is read
      unsendable(error)
    end

    def refused(text)
      Failure.new(:FAILURE_KIND_INVALID_OUTPUT, text, retryable: false)
    end

    def unsendable(error)
      # What the runner itself refuses has no class or stack of the user's to show.
      return refused(error.message) if error.is_a?(Unsendable) || error.is_a?(UnsendablePiece)

      Failure.of(error, @project, :FAILURE_KIND_INVALID_OUTPUT).tap { |failure| failure.retryable = false }
    end

    def failure_of(run, error)
      case error
      when UnsendablePiece then unsendable(error)
      when InvalidInput then Failure.new(:FAILURE_KIND_INVALID_INPUT, error.message, retryable: false)
      when Motia::Cancelled then run.cancel_reason ? cancelled(run) : Failure.of(error, @project)
      else Failure.of(error, @project)
      end
    end

    def cancelled(run)
      file = run.invoke.step_file
      late = run.cancel_reason == :CANCEL_REASON_DEADLINE
      return Failure.new(:FAILURE_KIND_DEADLINE, "#{file} did not end within its timeout.") if late

      Failure.new(:FAILURE_KIND_CANCELLED, "#{file} was cancelled.")
    end

    # Sends the result; true for the one who does so first.
    def finish(run, outcome)
      @prints.finish(run)
      return false unless run.end

      @calls.abandon(run)
      # At once: the core may send the next invocation on the result, and a drain may end.
      @lock.synchronize do
        @runs.delete(run.id)
        run.body ? @bodies.end(run.body, outcome) : send_result(run, outcome)
        @idle.broadcast if @runs.empty?
      end
      true
    end

    def send_result(run, outcome)
      if outcome.is_a?(Pb::Failure)
        @outbox.put(result: Pb::Result.new(invocation_id: run.id, failure: outcome))
      else
        @outbox.carry(:result, Pb::Result.new(invocation_id: run.id), outcome)
      end
    end

    def idle_within?(grace_ms)
      @lock.synchronize { Work.wait(@lock, @idle, grace_ms / 1000.0) { @runs.empty? } }
    end
  end
end
