# frozen_string_literal: true

require 'runtime_runner/config'
require 'runtime_runner/failure'
require 'runtime_runner/function'
require 'runtime_runner/load_failure'
require 'runtime_runner/values'
require 'runtime_runner/work'

module RuntimeRunner
  # The functions of stream configs, which decide who may read and hear who has come and gone.
  class Hooks
    FEATURE = :FEATURE_HOOKS
    # What configs call them.
    NAMES = {
      'canAccess' => :HOOK_CAN_ACCESS, 'can_access' => :HOOK_CAN_ACCESS, 'onJoin' => :HOOK_ON_JOIN,
      'on_join' => :HOOK_ON_JOIN, 'onLeave' => :HOOK_ON_LEAVE, 'on_leave' => :HOOK_ON_LEAVE
    }.freeze

    # Hooks that no client waits for: they have threads of their own, a quarter as many.
    TOLD = %i[HOOK_ON_JOIN HOOK_ON_LEAVE].freeze

    FIX = 'Write it as can_access: ->(subscription, auth) { ... }; the others are on_join and on_leave.'

    # The functions of a stream's config by hook. Raises DefinitionError.
    def self.of(config, file)
      config.each_with_object({}) do |(key, value), found|
        hook = NAMES[key.to_s]
        fault = found.key?(hook) ? 'is there twice' : fault_of(key.to_s, value)
        raise DefinitionError.new("#{key} in the CONFIG of #{file} #{fault}.", FIX) if fault

        found[hook] = Function.new(value) if hook
      end
    end

    # A misspelt `can_access`, left out as functions elsewhere in configs are, would let everybody in.
    def self.fault_of(key, value)
      if NAMES.key?(key)
        'is nothing that can be called' unless Config.function?(value)
      elsif Config.function?(value) && key != 'schema'
        'is a function that no stream has'
      end
    end
    private_class_method :fault_of

    def initialize(outbox, limits, project)
      @outbox = outbox
      @project = project
      @lock = Mutex.new
      @idle = ConditionVariable.new
      @functions = {}
      @open = {}
      @threads = { asked: 0, told: 0 }
      @most = { asked: limits.max_in_flight, told: [limits.max_in_flight / 4, 1].max }
      @draining = false
    end

    # Has these functions, by file and hook, from now on and no others.
    def replace(functions)
      @lock.synchronize { @functions = functions }
    end

    # Calls the function that is asked for in a thread of its own and answers, at its deadline in its place.
    def call(message, payload)
      work = Work.new
      function, refusal = @lock.synchronize { admit(work, message) }
      return reply(message, refusal) if refusal

      Interrupts.held { Thread.new { carry_out(work, function, message, payload) } }
      milliseconds = message.deadline_ms
      Thread.new { expire(work, message) unless work.ended_within?(milliseconds / 1000.0) } if milliseconds.positive?
    end

    # Returns when every call has its reply; answers in the place of what still runs after the grace.
    def drain(grace_ms)
      @lock.synchronize { @draining = true }
      left = @lock.synchronize do
        Work.wait(@lock, @idle, grace_ms / 1000.0) { @open.empty? }
        @open.dup
      end
      left.each do |work, message|
        answer_in_place(work, message, :CANCEL_REASON_SHUTDOWN,
                        Failure.new(:FAILURE_KIND_CANCELLED, 'This runner is stopping.'))
      end
    end

    private

    # The function that may be called, or else the failure that says why there is none.
    def admit(work, message)
      function = @functions.dig(message.target, message.hook)
      if @draining
        [nil, Failure.new(:FAILURE_KIND_OVERLOADED, 'This runner is stopping.')]
      elsif function.nil?
        [nil, Failure.new(:FAILURE_KIND_REFUSED, "#{message.target} has no #{name_of(message)}.", retryable: false)]
      elsif @threads[lane_of(message)] >= @most[lane_of(message)]
        text = "This runner has #{@most[lane_of(message)]} threads for hooks such as #{name_of(message)}."
        [nil, Failure.new(:FAILURE_KIND_OVERLOADED, text)]
      else
        @threads[lane_of(message)] += 1
        @open[work] = message
        [function, nil]
      end
    end

    def carry_out(work, function, message, payload)
      outcome = Failure.new(:FAILURE_KIND_HANDLER, "#{name_of(message)} of #{message.target} ended its own thread.")
      outcome = outcome_of(work, function, message, payload)
      @outbox.await_room
    ensure
      finish(work, message, outcome)
      @lock.synchronize { @threads[lane_of(message)] -= 1 }
    end

    def outcome_of(work, function, message, payload)
      given = Values.decode(payload)
      returned = work.perform { function.call(given['subscription'], given['authContext']) }
      message.hook == :HOOK_CAN_ACCESS ? Values.encode(allowed?(returned), 'reply') : ''
    rescue Unsendable => error
      Failure.new(:FAILURE_KIND_INVALID_OUTPUT, error.message, retryable: false)
    rescue Exception => error # rubocop:disable Lint/RescueException -- whatever user code raises is its answer
      Failure.of(error, @project)
    end

    # Only true lets in: 0 and "no" are true for Ruby. Raises Unsendable for what says neither.
    def allowed?(returned)
      return returned == true if [true, false, nil].any? { |answer| answer.equal?(returned) }

      callable = returned.is_a?(Proc) || returned.is_a?(Method)
      what = callable ? 'a function that nobody has called' : "a #{returned.class}"
      raise Unsendable.new("returned #{what}; return true or false.", 'canAccess')
    end

    def expire(work, message)
      text = "#{name_of(message)} of #{message.target} did not end within #{message.deadline_ms} ms."
      answer_in_place(work, message, :CANCEL_REASON_DEADLINE, Failure.new(:FAILURE_KIND_DEADLINE, text))
    end

    def answer_in_place(work, message, reason, failure)
      work.cancel(reason)
      finish(work, message, failure)
    end

    # Sends the reply, unless somebody has done so before.
    def finish(work, message, outcome)
      return unless work.end

      @lock.synchronize do
        @open.delete(work)
        reply(message, outcome)
        @idle.broadcast if @open.empty?
      end
    end

    def reply(message, outcome)
      answer = Pb::CallReply.new(call_id: message.call_id)
      outcome.is_a?(Pb::Failure) ? answer.failure = outcome : answer.payload = outcome
      @outbox.put(call_reply: answer)
    end

    def lane_of(message)
      TOLD.include?(message.hook) ? :told : :asked
    end

    def name_of(message)
      NAMES.key(message.hook) || message.hook.to_s
    end
  end
end
