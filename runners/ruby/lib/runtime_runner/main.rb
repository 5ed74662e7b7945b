# frozen_string_literal: true

module RuntimeRunner
  # The process cannot start; the message says why.
  class StartError < StandardError; end

  # Another start would end in the same way.
  class UnfitError < StandardError; end

  # The process: takes its environment, connects, leaves.
  module Main
    # What `at_exit` blocks of the user's get; threads of handlers get nothing.
    EXIT_SECONDS = 0.5
    EXIT_CANNOT_START = 1
    EXIT_UNFIT = 78

    # What the core says to a runner that it starts.
    Environment = Struct.new(:address, :secret, :project_root)

    module_function

    # Runs the runner to its end. Writes to stderr only when it cannot start.
    def start
      code = EXIT_CANNOT_START
      # Registered first, so it runs last: threads that do not end would hold up an ordinary exit.
      at_exit { exit!(code) }
      load_link
      code = run(take_environment)
    rescue StartError => error
      warn "Ruby runner: #{error.message}"
    rescue UnfitError => error
      code = EXIT_UNFIT
      warn error.message
    rescue StandardError => error
      warn error.full_message # Ruby itself would print it only after `at_exit`
    ensure
      Thread.new { sleep(EXIT_SECONDS) && exit!(code) }
    end

    # Reads the core's variables and removes them, so that no user code sees the secret. Raises StartError.
    def take_environment
      names = %w[RUNTIME_ADDRESS RUNTIME_SECRET RUNTIME_PROJECT_ROOT]
      missing = names.select { |name| ENV[name].to_s.empty? }
      unless missing.empty?
        raise StartError, "#{missing.join(', ')} is not set. The core starts this process: run `runtime dev`."
      end

      taken = Environment.new(*names.map { |name| ENV.delete(name) })
      %w[RUNTIME_GENERATION RUNTIME_CACHE_DIR].each { |name| ENV.delete(name) }
      taken
    end

    def run(environment)
      # What the user reads and prints is UTF-8 whatever the terminal's locale, as their sources are.
      Encoding.default_external = Encoding::UTF_8
      [$stdout, $stderr].each { |stream| stream.sync = true }
      # Ctrl-C reaches the whole terminal group; the core drains us. A block, because children would inherit "IGNORE".
      trap('INT') { nil }
      Link.connect(environment.address, environment.secret, Project.new(environment.project_root))
    rescue LinkError => error
      raise StartError, error.message
    end

    def load_link
      ENV['GRPC_VERBOSITY'] ||= 'NONE' # read when gRPC is first loaded
      require 'runtime_runner/link'
    rescue LoadError => error
      raise UnfitError, "the steps' Ruby, #{RbConfig.ruby}, does not have what the runner needs: #{error.message}"
    end

    private_class_method :run, :load_link
  end

  # The core does not take this process in; the message is for the person at the terminal.
  class LinkError < StandardError; end
end
