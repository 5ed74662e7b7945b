# frozen_string_literal: true

require 'runtime_runner/values'

module RuntimeRunner
  # Names, options and operations as host calls have them.
  module Arguments
    module_function

    # A group, key or id as text; whole numbers are taken as their digits, so that all languages mean the same key.
    def name(value, what)
      case value
      when String, Symbol then text(value.to_s, what)
      when Integer then value.to_s
      when Float then whole(value, what).to_s
      else raise TypeError, "The #{what} must be a string, not #{value.nil? ? 'nil' : "a #{value.class}"}."
      end
    end

    # The text of a name. Raises Unsendable for one that is none in UTF-8.
    def text(given, what)
      utf8 = given.encode(Encoding::UTF_8)
      return utf8 if utf8.valid_encoding?

      raise Unsendable.new('holds bytes that are no UTF-8 text.', "The #{what}")
    rescue EncodingError
      raise Unsendable.new("is #{given.encoding} text that cannot become UTF-8.", "The #{what}"), cause: nil
    end

    # A number without a fraction as an Integer.
    def whole(number, what)
      return number.to_i if number.finite? && number.to_i == number

      raise TypeError, "The #{what} must be a string or a whole number, not #{number}."
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
end
