# frozen_string_literal: true

# A runner for step files in Ruby.
module RuntimeRunner
  VERSION = '0.1.0'
end
