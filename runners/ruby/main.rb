# frozen_string_literal: true

# Starts the Ruby runner: `ruby main.rb`, with the environment that proto/PROTOCOL.md §2 names.

if RUBY_VERSION < '3.0'
  warn "the steps' Ruby is #{RUBY_VERSION}, and the runner needs at least 3.0"
  exit(78)
end

$LOAD_PATH.unshift(File.join(__dir__, 'lib'))

require 'runtime_runner/main'

RuntimeRunner::Main.start
