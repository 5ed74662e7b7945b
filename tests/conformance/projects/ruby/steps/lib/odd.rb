# frozen_string_literal: true

# What cannot be sent.
module Odd
  VALUES = {
    'function' => -> {},
    'surrogate' => "\xED\xA0\x80",
    'integer' => 2**64
  }.freeze

  def self.unsendable(name)
    { items: [{}, { run: VALUES[name] }] }
  end

  # A value that contains itself, or so many lists, one in the other.
  def self.nested(depth)
    value = []
    return { loop: value << { self: value } } if depth == 'cycle'

    (depth - 1).times { value = [value] }
    value
  end
end
