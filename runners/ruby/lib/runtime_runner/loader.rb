# frozen_string_literal: true

require 'runtime_runner/config'
require 'runtime_runner/function'
require 'runtime_runner/hooks'
require 'runtime_runner/load_failure'

module RuntimeRunner
  # A step that can run.
  Step = Struct.new(:file, :handler, :middleware, :flows)

  # What a `Load` has come to: the manifest for the core, the steps and the hooks of streams by file.
  Loaded = Struct.new(:manifest, :steps, :hooks)

  # Files of the project as steps, streams and failures, each in one list of the manifest.
  class Loader
    MAX_ENTRY_BYTES = 1 << 20 # config and schemas of one file; the manifest travels in one envelope
    STEP_EXAMPLE = "CONFIG = { type: 'api', name: 'Hello', method: 'GET', path: '/hello' }"
    STREAM_EXAMPLE = "CONFIG = { name: 'chat', schema: { type: 'object' } }"

    def initialize(project, modules)
      @project = project
      @modules = modules
    end

    # Loads every file of the message; a file that fails harms no other.
    def load(message)
      loaded = Loaded.new(Pb::Manifest.new, {}, {})
      message.step_files.each { |file| try(file, loaded) { load_step(file, loaded) } }
      message.stream_files.each { |file| try(file, loaded) { load_stream(file, loaded) } }
      loaded
    end

    private

    def try(file, loaded)
      yield
    rescue Exception => error # rubocop:disable Lint/RescueException -- `exit` in a step file must not end the runner
      loaded.manifest.load_failures << LoadFailure.of(file, error, @project)
    end

    def load_step(file, loaded)
      scope = @modules.load(file)
      config = config_of(scope, file, STEP_EXAMPLE)
      middleware = middleware_of(config, file)
      taken = split(config.reject { |key,| key.to_s == 'middleware' }, Config::STEP_SCHEMAS, file)
      handler = Function.new(scope.method(:handler)) if scope.respond_to?(:handler)
      loaded.manifest.steps << Pb::StepEntry.new(
        file: file, config: taken.plain, schemas: taken.schemas, has_handler: !handler.nil?,
        middleware: middleware.size, imports: @modules.imports_of(file)
      )
      loaded.steps[file] = Step.new(file, handler, middleware, flows_of(config)) if handler
    end

    def load_stream(file, loaded)
      config = config_of(@modules.load(file), file, STREAM_EXAMPLE)
      hooks = Hooks.of(config, file)
      taken = split(config, Config::STREAM_SCHEMAS, file)
      loaded.manifest.streams << Pb::StreamEntry.new(
        file: file, config: taken.plain, schemas: taken.schemas, hooks: hooks.keys
      )
      loaded.hooks[file] = hooks
    end

    def config_of(scope, file, example)
      unless scope.const_defined?(:CONFIG, false)
        raise DefinitionError.new("#{file} has no config.", "Write at the top level: #{example}")
      end

      config = scope.const_get(:CONFIG, false)
      return config if config.is_a?(Hash)

      fix = "Write at the top level: #{example}"
      raise DefinitionError.new("CONFIG in #{file} is a #{config.class}, not a Hash.", fix)
    end

    def middleware_of(config, file)
      given = config[:middleware] || config['middleware'] || []
      functions = given.is_a?(Array) && given.all? { |each| Config.function?(each) }
      return given.map { |each| Function.new(each) } if functions

      raise DefinitionError.new("The middleware in #{file} is not an array of what can be called.",
                                'Write it as [->(req, ctx, nxt) { nxt.call }], or with method(:name).')
    end

    def flows_of(config)
      Array(config[:flows] || config['flows']).grep(String)
    end

    def split(config, places, file)
      taken = Config.new(config, places)
      return taken if taken.size <= MAX_ENTRY_BYTES

      raise DefinitionError.new("CONFIG in #{file} has #{taken.size} bytes; at most #{MAX_ENTRY_BYTES} are allowed.",
                                'Keep data out of the config.')
    end
  end
end
