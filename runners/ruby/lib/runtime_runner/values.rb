# frozen_string_literal: true

require 'date'
require 'bigdecimal'
require 'time'
require 'runtime_runner/messagepack'

module RuntimeRunner
  # A value that cannot cross to another language; the message names the place inside it.
  class Unsendable < TypeError
    def initialize(fault, place = '')
      super("#{place} #{fault}")
      @fault = fault
      @place = place
    end

    # The same fault, seen from one level further out.
    def within(step)
      Unsendable.new(@fault, "#{step}#{@place}")
    end
  end

  # Values as bytes, by the rules of proto/PROTOCOL.md §8.
  module Values
    MAX_DEPTH = 512 # levels that a value may have, itself included
    INTEGERS = (-(2**63)..(2**64) - 1).freeze
    IDENTIFIER = /\A[[:alpha:]_][[:alnum:]_]*\z/.freeze

    module_function

    # The bytes of a value. Raises Unsendable, naming the place from `where` on, for what cannot cross.
    #
    # The block gives what stands for an object that is not data; without one, such an object is refused.
    def encode(value, where, &stand_in)
      MessagePack.pack(plain(value, where, &stand_in))
    end

    # The value of the bytes, maps as Record; nil for no bytes. Raises ArgumentError for what is no value.
    def decode(data)
      data.empty? ? nil : MessagePack.unpack(data)
    end

    # The value in nil, booleans, numbers, UTF-8 text, BINARY bytes, arrays and hashes with string or integer
    # keys. With `json` bytes, NaN and infinity are refused and integers may have any size. Raises Unsendable.
    def plain(value, where, json: false, &stand_in)
      Plain.new(json, stand_in).of(value)
    rescue Unsendable => fault
      raise fault.within(where), cause: nil
    end

    # What stands for an object that is no plain value already; nil when nothing does.
    def data_of(value)
      case value
      when DateTime, Time then iso(value.to_time)
      when Date then value.iso8601
      when BigDecimal then value.to_s('F')
      when Struct then value.to_h
      else value.to_h if defined?(::Data.define) && value.is_a?(::Data)
      end
    end

    def iso(time)
      time.getutc.iso8601(time.usec.zero? ? 0 : 6)
    end

    # An array or map on the way down to the value that the walk is at; `place` is the way on from here.
    Level = Struct.new(:source, :steps, :plain, :place)

    # One walk through a value. It calls nothing recursively: threads have small stacks, and values many levels.
    class Plain
      def initialize(json, stand_in)
        @json = json
        @stand_in = stand_in
        @levels = []
        @above = {}.compare_by_identity
      end

      # The plain form. Raises Unsendable with the place inside the value.
      def of(value)
        whole = convert(value, value)
        while (level = @levels.last)
          level.steps.empty? ? leave : go_on(level)
        end
        whole
      rescue Unsendable => fault
        raise fault.within(@levels.map(&:place).join), cause: nil
      end

      private

      # The plain form; of an array or map an empty one, which is a level now.
      def convert(value, source)
        case value
        when nil, true, false then value
        when String then text(value)
        when Symbol then text(value.name)
        when Integer then integer(value)
        when Float then float(value)
        when Array then enter(source, value.each_with_index.to_a, [])
        when Hash then enter(source, value.to_a, {})
        else convert(stand_in_of(value), source)
        end
      end

      def enter(source, steps, plain)
        raise Unsendable, 'contains itself.' if @above.key?(source)
        raise Unsendable, "nests deeper than #{MAX_DEPTH} levels." if @levels.size >= MAX_DEPTH

        @above[source] = true
        @levels << Level.new(source, steps.reverse, plain, '')
        plain
      end

      def leave
        @above.delete(@levels.pop.source)
      end

      def go_on(level)
        level.plain.is_a?(Array) ? next_item(level) : next_pair(level)
      end

      def next_item(level)
        item, at = level.steps.pop
        level.place = "[#{at}]"
        level.plain << convert(item, item)
      end

      def next_pair(level)
        key, item = level.steps.pop
        level.place = ''
        name = name_of(key)
        raise Unsendable, "has the key #{name.inspect} twice, as text and as symbol." if level.plain.key?(name)

        level.place = IDENTIFIER.match?(name.to_s) ? ".#{name}" : "[#{name.inspect}]"
        level.plain[name] = convert(item, item)
      end

      def name_of(key)
        case key
        when Symbol then text(key.name)
        when String then text(key)
        when Integer then @json ? key.to_s : integer(key)
        else raise Unsendable, "has the key #{key.inspect} of class #{key.class}; keys are text, symbols or integers."
        end
      end

      def text(value)
        return bytes(value) if value.encoding == Encoding::BINARY

        utf8 = value.encode(Encoding::UTF_8)
        raise Unsendable, 'holds bytes that are no UTF-8 text; `.b` makes it bytes.' unless utf8.valid_encoding?

        utf8
      rescue EncodingError
        raise Unsendable, "is #{value.encoding} text that cannot become UTF-8.", cause: nil
      end

      def bytes(value)
        return value unless @json
        return value.encode(Encoding::UTF_8) if value.ascii_only?

        raise Unsendable, 'is bytes, which JSON cannot hold; send them as the whole body or as base64 text.'
      end

      def integer(value)
        return value if @json || INTEGERS.cover?(value)

        raise Unsendable, "is an integer of #{value.bit_length} bits; integers go from -2**63 to 2**64-1."
      end

      def float(value)
        raise Unsendable, "is #{value}, which JSON cannot hold." if @json && !value.finite?

        value
      end

      def stand_in_of(value)
        found = Values.data_of(value)
        found = @stand_in.call(value) if found.nil? && @stand_in
        return found unless found.nil?

        raise Unsendable,
              "is a #{value.class}, which cannot be sent; send text, numbers, bytes, times, arrays or hashes."
      end
    end
  end
end
