# frozen_string_literal: true

require 'runtime_runner/logs'
require 'runtime_runner/record'
require 'runtime_runner/values'

module RuntimeRunner
  DEFAULT_GROUP = 'default'

  # Names, options and operations as host calls have them.
  module Arguments
    module_function

    # A group, key or id as text.
    def name(value, what)
      case value
      when String, Symbol then value.to_s
      # As JavaScript writes it, so that all languages mean the same key.
      when Integer, Float then value.to_s.delete_suffix('.0')
      else raise TypeError, "The #{what} must be a string, not #{value.nil? ? 'nil' : "a #{value.class}"}."
      end
    end

    # Options as a value; empty for none. Raises ArgumentError for one that is not known.
    def options(given, known, where)
      unknown = given.keys.map(&:to_s) - known
      unless unknown.empty?
        raise ArgumentError, "#{where} does not know #{unknown.join(', ')}; it knows #{known.join(', ')}. " \
                             'A Hash as data needs its braces.'
      end

      given = given.compact
      given.empty? ? '' : Values.encode(given, 'options')
    end

    # The operations of an update as a value.
    def operations(list)
      raise TypeError, "update takes an array of operations, not a #{list.class}." unless list.is_a?(Array)

      Values.encode(list, 'operations')
    end
  end

  # `ctx.state`: values by group and key. With one name less, the group is "default".
  class State
    SET_OPTIONS = %w[ttl ifVersion].freeze

    def initialize(calls, run)
      @calls = calls
      @run = run
    end

    # The value as it was stored, nil when there is none.
    def get(*group, key)
      call(:HOST_OP_STATE_GET, group, key)
    end

    # Stores and returns the value. Options: ttl (seconds), ifVersion (integer).
    def set(*group, key, value, **options)
      options = Arguments.options(options, SET_OPTIONS, 'state.set')
      call(:HOST_OP_STATE_SET, group, key, payload: Values.encode(value, 'value'), options: options)
      value
    end

    # Removes and returns the value, nil when there was none.
    def delete(*group, key)
      call(:HOST_OP_STATE_DELETE, group, key)
    end

    # Applies the operations in one step and returns the new value.
    def update(*group, key, operations)
      call(:HOST_OP_STATE_UPDATE, group, key, payload: Arguments.operations(operations))
    end

    # The group's values in insertion order.
    def get_group(group)
      call(:HOST_OP_STATE_GET_GROUP, [group])
    end

    # The group's keys in insertion order.
    def keys(group)
      call(:HOST_OP_STATE_KEYS, [group])
    end

    # Removes the whole group.
    def clear(group)
      call(:HOST_OP_STATE_CLEAR, [group])
    end

    private

    def call(operation, group, key = '', **fields)
      raise ArgumentError, "state takes a group and a key, not #{group.size + 1} names." if group.size > 1

      group = Arguments.name(group.fetch(0, DEFAULT_GROUP), 'group')
      @calls.call(@run, operation, group: group, key: Arguments.name(key, 'key'), **fields)
    end
  end

  # `ctx.streams.<name>`: the items of one stream by group and id.
  class Stream
    def initialize(calls, run, name)
      @calls = calls
      @run = run
      @name = name
    end

    # The item, nil when there is none.
    def get(group, id)
      call(:HOST_OP_STREAM_GET, group, id)
    end

    # Stores the item and returns it with its metadata.
    def set(group, id, data)
      call(:HOST_OP_STREAM_SET, group, id, payload: Values.encode(data, 'data'))
    end

    # Removes and returns the item, nil when there was none.
    def delete(group, id)
      call(:HOST_OP_STREAM_DELETE, group, id)
    end

    # Applies the operations in one step and returns the new item.
    def update(group, id, operations)
      call(:HOST_OP_STREAM_UPDATE, group, id, payload: Arguments.operations(operations))
    end

    # The group's items in insertion order.
    def get_group(group)
      call(:HOST_OP_STREAM_GET_GROUP, group)
    end

    # Sends `{ type:, data: }` to who listens on the channel `{ groupId:, id: }`; nothing is stored.
    def send(channel, event)
      channel, event = [channel, event].map { |given| Record.of(given) }
      raise TypeError, "The event of send needs a type that is a string, not #{event['type'].inspect}." unless
        event['type'].is_a?(String)

      call(:HOST_OP_STREAM_SEND, channel['groupId'], channel['id'] || '', payload: Values.encode(event, 'event'))
    end

    private

    def call(operation, group, id = '', **fields)
      names = { group: Arguments.name(group, 'group'), key: Arguments.name(id, 'id') }
      @calls.call(@run, operation, target: @name, **names, **fields)
    end
  end

  # `ctx.streams`: a stream by its name, as method or index.
  class Streams
    def initialize(calls, run)
      @calls = calls
      @run = run
    end

    def [](name)
      Stream.new(@calls, @run, name.to_s)
    end

    def respond_to_missing?(_name, _include_private = false)
      true
    end

    def method_missing(name)
      self[name]
    end
  end

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

    def initialize(run, calls, logs, flows)
      @run = run
      @calls = calls
      @flows = flows
      @logger = Logger.new(logs, run)
      @state = State.new(calls, run)
      @streams = Streams.new(calls, run)
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
      @calls.call(@run, :HOST_OP_EMIT, target: topic.to_s, payload: payload, options: options)
    end

    def presence(text)
      text.empty? ? nil : text
    end
  end
end
