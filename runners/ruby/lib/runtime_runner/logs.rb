# frozen_string_literal: true

require 'runtime_runner/failure'
require 'runtime_runner/run'
require 'runtime_runner/values'

module RuntimeRunner
  # Sends log lines: those of handlers through `ctx.logger`, and the runner's own.
  class Logs
    MAX_DATA_BYTES = 64 << 10
    # Of a line's text in UTF-8; what is over is left out.
    MAX_LINE_BYTES = 64 << 10

    def initialize(outbox, project)
      @outbox = outbox
      @project = project
    end

    # Logs for a run, or for the runner itself when `run` is nil. A run's line waits for room in the outbox. `printed` is
    # the number of the line's copy, 0 where it has none.
    def write(run, level, message, data = nil, printed: 0)
      line = Pb::Log.new(level: level, message: Logs.text(message), printed: printed)
      line.data = encode(data) unless data.nil?
      line.time_ms = Process.clock_gettime(Process::CLOCK_REALTIME, :float_millisecond)
      return put(line, 0) if run.nil?

      Interrupts.held do
        @outbox.await_room
        run.hold { |ended| ended ? put_late(line, run.invoke) : put(line, run.id) }
      end
    end

    # The wire takes UTF-8 only, and a line may hold anything.
    def self.text(text)
      clean = text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
      clean.bytesize <= MAX_LINE_BYTES ? clean : "#{clean.byteslice(0, MAX_LINE_BYTES).scrub('')}…"
    end

    private

    # After its result a run is unknown to the core.
    def put_late(line, invoke)
      line.step_name = invoke.step_name
      line.trace_id = invoke.trace_id
      put(line, 0)
    end

    def put(line, invocation_id)
      line.invocation_id = invocation_id
      @outbox.put(log: line)
      nil # a handler often ends with a log line, whose value would be its result
    end

    def encode(data)
      encoded = Values.encode(data, 'data') { |value| stand_in(value) }
      encoded.bytesize <= MAX_DATA_BYTES ? encoded : printed(data)
    rescue StandardError
      # A log line must never fail the run that writes it.
      printed(data)
    end

    def stand_in(value)
      return value.inspect unless value.is_a?(Exception)

      found = Failure.of(value, @project)
      { 'type' => found.type, 'message' => found.message, 'stack' => found.stack }
    end

    def printed(data)
      Values.encode(Logs.text(data.inspect), 'data')
    rescue StandardError => error
      Values.encode("(cannot be shown: #{error.class})", 'data')
    end
  end

  # `ctx.logger`: each method takes a message and, if wanted, a value that belongs to it.
  class Logger
    def initialize(logs, run)
      @logs = logs
      @run = run
    end

    # Logs what helps to find an error.
    def debug(message, data = nil)
      @logs.write(@run, :LOG_LEVEL_DEBUG, message.to_s, data)
    end

    # Logs what is worth knowing.
    def info(message, data = nil)
      @logs.write(@run, :LOG_LEVEL_INFO, message.to_s, data)
    end

    # Logs what may be wrong.
    def warn(message, data = nil)
      @logs.write(@run, :LOG_LEVEL_WARN, message.to_s, data)
    end

    # Logs what is wrong.
    def error(message, data = nil)
      @logs.write(@run, :LOG_LEVEL_ERROR, message.to_s, data)
    end
  end
end
