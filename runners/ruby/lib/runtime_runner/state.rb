# frozen_string_literal: true

require 'runtime_runner/arguments'

module RuntimeRunner
  # `ctx.state`: values by group and key. With one name less, the group is "default".
  class State
    DEFAULT_GROUP = 'default'
    SET_OPTIONS = %w[ttl ifVersion].freeze

    def initialize(calls, run)
      @calls = calls
      @run = run
    end

    # The value as it was stored, nil when there is none.
    def get(*group, key)
      call(:HOST_OP_STATE_GET, group, key)
    end

    # The value with its version, nil when there is none: `entry.value`, `entry.version`.
    def get_entry(*group, key)
      call(:HOST_OP_STATE_GET_ENTRY, group, key)
    end

    # Stores and returns the value.
    #
    # Options: ttl (seconds until it ends by itself), if_version (the version that it replaces, 0 for no value). Raises
    # Motia::VersionConflict when what is stored has another version.
    def set(*group, key, value, **options)
      call(:HOST_OP_STATE_SET, group, key, payload: Values.encode(value, 'value'), options: set_options(options))
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

    def set_options(given)
      given = given.transform_keys { |name| name == :if_version ? :ifVersion : name }
      encoded = Arguments.options(given, SET_OPTIONS, 'state.set')
      return encoded unless given.key?(:ifVersion) && given[:ifVersion].nil?

      # Left out, it would write whatever is stored: not what who asks for a version of nothing has meant.
      raise TypeError, 'if_version is a version that get_entry gave, or 0 for when there is no value, not nil.'
    end

    def call(operation, group, key = '', **fields)
      raise ArgumentError, "state takes a group and a key, not #{group.size + 1} names." if group.size > 1

      group = Arguments.name(group.fetch(0, DEFAULT_GROUP), 'group')
      @calls.call(@run, operation, group: group, key: Arguments.name(key, 'key'), **fields)
    end
  end
end
