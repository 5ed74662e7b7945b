# frozen_string_literal: true

require 'json'
require 'runtime_runner/values'

module RuntimeRunner
  # A config as user code has it, taken apart: `plain` is encoded, `schemas` are JSON text by JSON pointer.
  class Config
    SCHEMA_PLACES = 'bodySchema|input|pathParams|queryParams(/\d+/schema)?|responseSchema(/[^/]+)?|emits/\d+/schema'
    STEP_SCHEMAS = %r{\A/(triggers/\d+/)?(#{SCHEMA_PLACES})\z}.freeze
    STREAM_SCHEMAS = %r{\A/schema\z}.freeze
    # What tells a schema from a map of schemas by status.
    KEYWORDS = %w[
      $ref $schema $defs $id type properties items allOf anyOf oneOf not enum const definitions
    ].freeze

    attr_reader :plain, :schemas

    # Schemas are what stands at `places`, and everywhere what answers to `json_schema`. Raises Unsendable for what is
    # no config value.
    def initialize(config, places)
      @places = places
      @schemas = {}
      @plain = Values.encode(without(config, ''), 'config')
    end

    # Bytes of all together.
    def size
      @plain.bytesize + @schemas.values.sum(&:bytesize)
    end

    # True for what can be called and is no class.
    def self.function?(value)
      value.respond_to?(:call) && !value.is_a?(Module)
    end

    private

    def without(value, pointer)
      case value
      when Array
        items = value.reject { |item| Config.function?(item) }
        items.each_with_index.map { |item, at| without(item, "#{pointer}/#{at}") }
      when Hash then without_in_map(value, pointer)
      else value
      end
    end

    def without_in_map(map, pointer)
      map.each_with_object({}) do |(key, item), kept|
        place = "#{pointer}/#{key.to_s.gsub('~', '~0').gsub('/', '~1')}"
        if schema?(item, place)
          @schemas[place] = schema_of(item, place)
        elsif !Config.function?(item)
          kept[key.is_a?(Integer) ? key.to_s : key] = without(item, place)
        end
      end
    end

    def schema?(value, place)
      return true if value.respond_to?(:json_schema)
      return false unless @places.match?(place)

      value == true || value == false || (value.is_a?(Hash) && !by_status?(value, place))
    end

    def by_status?(map, place)
      place.end_with?('/responseSchema') && (map.keys.map(&:to_s) & KEYWORDS).empty?
    end

    def schema_of(value, place)
      schema = value.respond_to?(:json_schema) ? value.json_schema : value
      JSON.generate(Values.plain(schema, "config#{place}", json: true), max_nesting: 0).b
    end
  end
end
