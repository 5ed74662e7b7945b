# frozen_string_literal: true

require 'runtime_runner/arguments'
require 'runtime_runner/logs'
require 'runtime_runner/record'
require 'runtime_runner/state'
require 'runtime_runner/streams'

module RuntimeRunner
  # The `ctx` of a handler.
  class Context
    EMIT_OPTIONS = %w[messageGroupId delay idempotencyKey priority].freeze

    # Names of the step's flows.
    attr_reader :flows
    # Takes log lines.
    attr_reader :logger
    # Values that outlive the run.
    attr_reader :state
    # The project's streams.
    attr_reader :streams
    # Texts that clients read while they are written.
    attr_reader :stream

    def initialize(run, calls, logs, flows)
      @run = run
      @calls = calls
      @flows = flows
      @logger = Logger.new(logs, run)
      @state = State.new(calls, run)
      @streams = Streams.new(calls, run)
      @stream = TextStream.new(calls, run)
    end

    # The same for all that one cause set going: 32 hex digits.
    def trace_id
      @run.invoke.trace_id
    end

    # What fired: its type, its source (topic or cron expression, nil for requests), its index in `triggers`.
    def trigger
      invoke = @run.invoke
      type = invoke.trigger.to_s.delete_prefix('TRIGGER_KIND_').downcase
      Record.of(type: type, source: presence(invoke.trigger_source), index: invoke.trigger_index)
    end

    # Counts deliveries of the same cause, from 1.
    def attempt
      @run.invoke.attempt
    end

    # True when the result is no longer wanted; a handler that waits gets `Motia::Cancelled` raised.
    def cancelled?
      !@run.cancel_reason.nil?
    end

    # When the core gives up and cancels; nil for never.
    def deadline
      milliseconds = @run.invoke.deadline_ms
      milliseconds.zero? ? nil : @run.started_at + (milliseconds / 1000.0)
    end

    # Names the cause across attempts, nil for requests.
    def idempotency_key
      presence(@run.invoke.idempotency_key)
    end

    # Publishes an event and returns its id: `emit(topic: 'x', data: ...)` or `emit('x', data)`.
    #
    # Options: messageGroupId, delay (seconds or a Time), idempotencyKey, priority.
    def emit(given = nil, *data, **options)
      if given.is_a?(Hash) || given.nil?
        options = (given || {}).transform_keys(&:to_sym).merge(options)
        given = options.delete(:topic)
        data = [options.delete(:data)]
      end
      raise ArgumentError, 'emit takes a topic and its data; further words are options.' if data.size > 1

      publish(given, data.first, Arguments.options(options, EMIT_OPTIONS, 'emit'))
    end

    private

    def publish(topic, data, options)
      unless (topic.is_a?(String) || topic.is_a?(Symbol)) && !topic.empty?
        raise TypeError, "emit needs a topic that is a string with at least one character, not #{topic.inspect}."
      end

      payload = Values.encode(data, 'data')
      @calls.call(@run, :HOST_OP_EMIT, target: Arguments.text(topic.to_s, 'topic'), payload: payload, options: options)
    end

    def presence(text)
      text.empty? ? nil : text
    end
  end
end
