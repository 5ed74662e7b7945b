# frozen_string_literal: true

module RuntimeRunner
  # A map with string keys, which symbols and methods mean as well: `map['id']`, `map[:id]`, `map.id`.
  #
  # The methods of Hash come first: a key named "size" is read as `map['size']`.
  class Record < Hash
    # A Record of a map with any keys.
    def self.of(pairs)
      new.update(pairs)
    end

    def [](key)
      super(name(key))
    end

    def []=(key, value)
      super(name(key), value)
    end

    def fetch(key, *default, &block)
      super(name(key), *default, &block)
    end

    def key?(key)
      super(name(key))
    end

    # The member "key", as in a change of state; with a value the key that has it, as of every Hash.
    def key(*values)
      values.empty? ? self['key'] : super
    end

    def dig(key, *rest)
      found = self[key]
      rest.empty? || found.nil? ? found : found.dig(*rest)
    end

    def delete(key, &block)
      super(name(key), &block)
    end

    def update(*others, &block)
      super(*others.map { |other| other.transform_keys { |key| name(key) } }, &block)
    end

    def merge(*others, &block)
      dup.update(*others, &block)
    end

    # What `case record in {id:}` matches against.
    def deconstruct_keys(_names)
      to_h { |key, value| [key.is_a?(String) ? key.to_sym : key, value] }
    end

    def respond_to_missing?(method, include_private = false)
      key?(method.name.delete_suffix('=')) || super
    end

    def method_missing(method, *arguments)
      if method.end_with?('=') && arguments.one?
        self[method.name.delete_suffix('=')] = arguments.first
      elsif arguments.empty? && key?(method)
        self[method]
      else
        super
      end
    end

    private

    def name(key)
      key.is_a?(Symbol) ? key.name : key
    end
  end

  # The `req` of an api step.
  class Request < Record
    # The HTTP method; with a name the method of this name, as every object has it.
    def method(*names)
      names.empty? ? self['method'] : super
    end
  end
end
