# frozen_string_literal: true

require 'runtime_runner/arguments'
require 'runtime_runner/record'

module RuntimeRunner
  # `ctx.streams.<name>`: the items of one stream by group and id.
  class Stream
    # What `send` takes, for errors.
    CHANNEL = "{ groupId: 'the group' }, with an id beside it for one item"
    EVENT = "{ type: 'a name', data: ... }"

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
      channel = part(channel, 'groupId', "The channel of send is #{CHANNEL}")
      event = part(event, 'type', "The event of send is #{EVENT}")
      raise TypeError, "The type in the event of send must be a string, not #{event['type'].inspect}." unless
        event['type'].is_a?(String)

      call(:HOST_OP_STREAM_SEND, channel['groupId'], channel['id'] || '', payload: Values.encode(event, 'event'))
    end

    private

    # A Hash that has something under the key. Raises TypeError with its shape.
    def part(given, key, shape)
      raise TypeError, "#{shape}, not a #{given.class}." unless given.is_a?(Hash)

      part = Record.of(given)
      raise TypeError, "#{shape}; its #{key} is missing." if part[key].nil?

      part
    end

    def call(operation, group, id = '', **fields)
      names = { group: Arguments.name(group, 'group'), key: Arguments.name(id, 'id') }
      target = Arguments.text(@name, 'name of the stream')
      @calls.call(@run, operation, target: target, **names, **fields)
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

  # `ctx.stream`: texts that clients read while they are written.
  class TextStream
    def initialize(calls, run)
      @calls = calls
      @run = run
    end

    # Adds to the end of the text of this id, which begins with its first write.
    def write(id, text)
      unless text.is_a?(String) && text.encoding != Encoding::BINARY
        kind = text.is_a?(String) ? 'bytes' : "a #{text.class}"
        raise TypeError, "The text of stream.write must be text, not #{kind}; make it some, as with to_json."
      end

      call(:HOST_OP_TEXT_WRITE, id, payload: Values.encode(text, 'text'))
    end

    # Ends the text; without effect when it has ended.
    def close(id)
      call(:HOST_OP_TEXT_CLOSE, id)
    end

    def respond_to_missing?(_name, _include_private = false)
      false
    end

    def method_missing(name)
      raise NoMethodError, "stream has no #{name}, only write and close for texts; did you mean ctx.streams.#{name}?"
    end

    private

    def call(operation, id, **fields)
      key = Arguments.name(id, 'id')
      raise TypeError, 'The id of a text must be a string with at least one character.' if key.empty?

      @calls.call(@run, operation, key: key, **fields)
      nil
    end
  end
end
