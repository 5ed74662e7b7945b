# frozen_string_literal: true

require 'runtime_runner/record'

module RuntimeRunner
  # MessagePack of plain values. The gem of this name reads no more than 128 levels; the protocol has 512, which
  # is also why nothing here is recursive: threads have small stacks.
  module MessagePack
    module_function

    # The bytes of a plain value (see Values.plain).
    def pack(value)
      Packer.new.pack(value)
    end

    # The value of the bytes. Raises ArgumentError for bytes that are no value.
    def unpack(data)
      unpacker = Unpacker.new(data)
      value = unpacker.value
      raise ArgumentError, 'bytes follow after the value' unless unpacker.done?

      value
    end

    # Writes values in their shortest form.
    class Packer
      UNSIGNED = [[0xff, 0xcc, 'CC'], [0xffff, 0xcd, 'Cn'], [0xffffffff, 0xce, 'CN'], [(2**64) - 1, 0xcf, 'CQ>']].freeze
      SIGNED = [[-0x80, 0xd0, 'Cc'], [-0x8000, 0xd1, 'Cs>'], [-0x80000000, 0xd2, 'Cl>'], [-(2**63), 0xd3, 'Cq>']].freeze
      # For each kind of content: mark and room of the form that has no length of its own, then the other forms.
      TEXT = [0xa0, 32, [[0xff, 0xd9, 'CC'], [0xffff, 0xda, 'Cn'], [0xffffffff, 0xdb, 'CN']]].freeze
      BYTES = [0, 0, [[0xff, 0xc4, 'CC'], [0xffff, 0xc5, 'Cn'], [0xffffffff, 0xc6, 'CN']]].freeze
      LIST = [0x90, 16, [[0xffff, 0xdc, 'Cn'], [0xffffffff, 0xdd, 'CN']]].freeze
      MAP = [0x80, 16, [[0xffff, 0xde, 'Cn'], [0xffffffff, 0xdf, 'CN']]].freeze

      def initialize
        @out = String.new(encoding: Encoding::BINARY)
      end

      # The bytes of a value.
      def pack(value)
        waiting = [value]
        put(waiting.pop, waiting) until waiting.empty?
        @out
      end

      private

      # Writes a value, of an array or map its head: what is inside waits.
      def put(value, waiting)
        case value
        when nil then @out << 0xc0
        when false then @out << 0xc2
        when true then @out << 0xc3
        when Integer then integer(value)
        when Float then @out << [0xcb, value].pack('CG')
        when String then string(value)
        when Array
          head(LIST, value.size)
          waiting.concat(value.reverse)
        when Hash
          head(MAP, value.size)
          waiting.concat(value.flatten(1).reverse)
        end
      end

      def integer(value)
        return @out << (value & 0xff) if value.between?(-32, 127)

        _, mark, form = if value.negative?
                          SIGNED.find { |least,| value >= least }
                        else
                          UNSIGNED.find { |most,| value <= most }
                        end
        @out << [mark, value].pack(form)
      end

      def string(value)
        head(value.encoding == Encoding::BINARY ? BYTES : TEXT, value.bytesize)
        @out << value.b
      end

      def head(kind, size)
        short, room, forms = kind
        return @out << (short | size) if size < room

        _, mark, form = forms.find { |most,| size <= most }
        @out << [mark, size].pack(form)
      end
    end

    # Reads values.
    class Unpacker
      NUMBERS = {
        0xca => [4, 'g'], 0xcb => [8, 'G'], 0xcc => [1, 'C'], 0xcd => [2, 'n'], 0xce => [4, 'N'], 0xcf => [8, 'Q>'],
        0xd0 => [1, 'c'], 0xd1 => [2, 's>'], 0xd2 => [4, 'l>'], 0xd3 => [8, 'q>']
      }.freeze
      LENGTHS = [[1, 'C'], [2, 'n'], [4, 'N']].freeze

      def initialize(data)
        @data = data.b
        @at = 0
        @open = []
      end

      # True when every byte is read.
      def done?
        @at == @data.bytesize
      end

      # The next value.
      def value
        whole = item
        while (container, left = @open.pop)
          next if left.zero?

          @open << [container, left - 1]
          container.is_a?(Array) ? container << item : container.store(key, item)
        end
        whole
      end

      private

      # What stands next; an array or map is empty as yet, and open.
      def item
        mark = number(1, 'C')
        case mark
        when 0x00..0x7f then mark
        when 0x80..0x8f then open(Record.new, mark & 0x0f)
        when 0x90..0x9f then open([], mark & 0x0f)
        when 0xa0..0xbf then text(mark & 0x1f)
        when 0xe0..0xff then mark - 0x100
        else marked(mark)
        end
      end

      def key
        name = item
        return name if name.is_a?(String) || name.is_a?(Integer)

        raise ArgumentError, "a map has a key of class #{name.class}"
      end

      def open(container, size)
        @open << [container, size]
        container
      end

      def marked(mark)
        case mark
        when 0xc0 then nil
        when 0xc2 then false
        when 0xc3 then true
        when 0xc4..0xc6 then bytes(length(mark - 0xc4))
        when 0xd9..0xdb then text(length(mark - 0xd9))
        when 0xdc, 0xdd then open([], length(mark - 0xdb))
        when 0xde, 0xdf then open(Record.new, length(mark - 0xdd))
        else number(*NUMBERS.fetch(mark) { raise ArgumentError, format('no value begins with 0x%02x', mark) })
        end
      end

      def length(form)
        number(*LENGTHS[form])
      end

      def number(size, form)
        bytes(size).unpack1(form)
      end

      def text(size)
        bytes(size).force_encoding(Encoding::UTF_8)
      end

      def bytes(size)
        raise ArgumentError, 'the bytes end inside a value' if @at + size > @data.bytesize

        @at += size
        @data.byteslice(@at - size, size)
      end
    end
  end
end
