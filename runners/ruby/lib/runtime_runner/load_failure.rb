# frozen_string_literal: true

require 'runtime_runner/failure'

module RuntimeRunner
  # A file loads but does not define what it should; `fix` says in one sentence what mends it.
  class DefinitionError < StandardError
    attr_reader :fix

    def initialize(message, fix)
      super(message)
      @fix = fix
    end
  end

  # Why a file did not load, where, and what mends it.
  module LoadFailure
    # How Ruby's parser begins its messages.
    PARSED = /\A(?<path>[^\n]+?):(?<line>\d+): (?<message>.*)/m.freeze

    module_function

    # The entry of a file that raised the error while it was loaded.
    def of(file, error, project)
      failure = Failure.of(error, project, :FAILURE_KIND_LOAD)
      failure.retryable = false
      path, line, message = place_of(error, project)
      failure.message = Failure.text(message) if message
      failure.type = '' if error.is_a?(DefinitionError) # a class of the runner's own tells a user nothing
      Pb::LoadFailure.new(
        file: file, failure: failure, line: line, location_file: path == file ? '' : path, fix: fix_of(error)
      )
    end

    def place_of(error, project)
      parsed = error.is_a?(SyntaxError) && PARSED.match(error.message)
      return [project.relative(parsed[:path]) || '', parsed[:line].to_i, parsed[:message]] if parsed

      frame = innermost_frame(error, project)
      return ['', 0] if frame.nil?

      path, _, rest = frame.rpartition(/:(?=\d+(?::|\z))/)
      [path, rest.to_i]
    end

    def innermost_frame(error, project)
      while error
        frame = Failure.frames(error, project).first
        return frame if frame

        error = error.cause
      end
    end

    def fix_of(error)
      case error
      when DefinitionError then error.fix
      when LoadError
        'If it is a gem, install it for the Ruby that runs the steps, such as with `gem install`; ' \
        'if it is a file of yours, check its name and use require_relative.'
      else ''
      end
    end

    private_class_method :place_of, :innermost_frame, :fix_of
  end
end
