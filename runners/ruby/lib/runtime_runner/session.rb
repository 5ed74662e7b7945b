# frozen_string_literal: true

require 'etc'
require 'runtime_runner/bodies'
require 'runtime_runner/copies'
require 'runtime_runner/execute'
require 'runtime_runner/hooks'
require 'runtime_runner/hostcalls'
require 'runtime_runner/loader'
require 'runtime_runner/logs'
require 'runtime_runner/modules'
require 'runtime_runner/prints'
require 'runtime_runner/transfers'

module RuntimeRunner
  # The work of one welcomed connection: each kind of envelope goes to its owner.
  class Session
    PAGE_BYTES = Etc.sysconf(Etc::SC_PAGESIZE)

    # The block is called when a `Drain` has been carried out.
    def initialize(outbox, welcome, project, &on_drained)
      limits = welcome.limits
      @outbox = outbox
      @on_drained = on_drained
      @transfers = Transfers.new(limits.max_payload_bytes)
      @logs = Logs.new(outbox, project)
      @calls = HostCalls.new(outbox, limits)
      @bodies = Bodies.new(outbox, welcome)
      copies = Copies.agreed(welcome, LOG_LEVEL_INFO: STDOUT, LOG_LEVEL_WARN: STDERR)
      prints = Prints.new(@logs, copies)
      @executor = Executor.new(outbox, @calls, @logs, prints, @bodies, limits, project)
      @hooks = Hooks.new(outbox, limits, project)
      @loader = Loader.new(project, Modules.new(project))
      @loading = Mutex.new
      prints.install
    end

    # Hands a message to its owner; one of an unknown kind is ignored. Raises ProtocolError.
    def dispatch(kind, message)
      case kind
      when :load then Thread.new { load(message) }
      when :invoke then @executor.invoke(message, @transfers.payload_of(message))
      when :chunk then @transfers.add(message)
      when :cancel then @executor.cancel(message)
      when :body_read then @bodies.read(message)
      when :call then @hooks.call(message, @transfers.payload_of(message))
      when :host_reply then @calls.answer(message, @transfers.payload_of(message))
      when :drain then Thread.new { drain(message) }
      when :ping then pong(message)
      end
    end

    private

    def load(message)
      # One after the other: the last one's steps must be those that stay.
      @loading.synchronize do
        loaded = @loader.load(message)
        @executor.replace_steps(loaded.steps)
        @hooks.replace(loaded.hooks)
        @outbox.put(manifest: loaded.manifest)
      end
    end

    def drain(message)
      hooks = Thread.new { @hooks.drain(message.grace_ms) }
      @executor.drain(message.grace_ms)
      hooks.join
      @on_drained.call
    end

    def pong(ping)
      cpu_ms = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :millisecond)
      @outbox.put(pong: Pb::Pong.new(
        nonce: ping.nonce, in_flight: @executor.in_flight, memory_bytes: memory_bytes, cpu_ms: cpu_ms
      ))
    end

    def memory_bytes
      File.read('/proc/self/statm').split[1].to_i * PAGE_BYTES
    rescue SystemCallError
      `ps -o rss= -p #{Process.pid}`.to_i * 1024 # no /proc outside of Linux
    end
  end
end
