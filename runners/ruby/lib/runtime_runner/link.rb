# frozen_string_literal: true

require 'runtime_runner/outbox'
require 'runtime_runner/pb'
require 'runtime_runner/project'
require 'runtime_runner/session'
require 'runtime_runner/transfers'
require 'runtime_runner/transport'
require 'runtime_runner/version'

module RuntimeRunner
  # One connection to the core, from `Hello` to its end.
  class Link
    MIN_PROTOCOL = 1
    MAX_PROTOCOL = 1
    CLOSE_SECONDS = 0.5 # what the core gets to end the stream after our `Bye`

    # Runs one connection to the core at `target`, a gRPC target; returns the exit code. Raises LinkError.
    def self.connect(target, secret, project)
      new(Transport.new(target, secret), project).run
    end

    def initialize(transport, project)
      @transport = transport
      @project = project
      @outbox = Outbox.new
      @session = nil
      @exit_code = 1
      @end = Thread::Queue.new
    end

    # Says `Hello` and serves until the stream ends; returns the exit code. Raises LinkError.
    def run
      @outbox.put(hello: hello)
      Thread.new { @transport.write_all(@outbox) }
      Thread.new { read }
      ending = @end.pop
      ending.is_a?(Exception) ? raise(ending) : ending
    end

    private

    def read
      while (bytes = @transport.read)
        take(Pb::CoreFrame.decode(bytes))
      end
      fault = @transport.fault
      raise LinkError, "The core did not take this runner in: #{fault || 'no welcome came.'}" if @session.nil?

      @end << @exit_code
    rescue StandardError => error
      @end << error
    end

    def take(frame)
      frame.envelopes.each { |envelope| dispatch(envelope) }
    rescue ProtocolError => error
      raise LinkError, "The core broke the protocol: #{error.message}" if @session.nil?

      leave(:BYE_REASON_PROTOCOL_ERROR, error.message, 1)
    end

    def dispatch(envelope)
      case envelope.kind
      when nil then nil # a kind of a later version
      when :bye then dismissed(envelope.bye)
      when :welcome then welcomed(envelope.welcome)
      else
        raise ProtocolError, "#{envelope.kind} came before welcome." if @session.nil?

        @session.dispatch(envelope.kind, envelope[envelope.kind.name])
      end
    end

    def welcomed(welcome)
      raise ProtocolError, 'A second welcome came.' if @session

      chosen = welcome.protocol
      raise version_error("the core chose #{chosen}") unless chosen.between?(MIN_PROTOCOL, MAX_PROTOCOL)

      @outbox.keep(welcome.limits)
      @session = Session.new(@outbox, welcome, @project) do
        leave(:BYE_REASON_DRAINED, 'All work is done.', 0)
      end
    end

    def dismissed(bye)
      raise version_error("the core says: #{bye.message}") if bye.reason == :BYE_REASON_PROTOCOL_VERSION

      @end << (bye.reason == :BYE_REASON_PROTOCOL_ERROR ? 1 : 0)
    end

    # The end of the stream ends the process; a core that does not end it is not waited for.
    def leave(reason, message, exit_code)
      @exit_code = exit_code
      @outbox.close(bye: Pb::Bye.new(reason: reason, message: message))
      Thread.new do
        @outbox.await_end
        sleep(CLOSE_SECONDS)
        @end << exit_code
      end
    end

    def hello
      Pb::Hello.new(
        min_protocol: MIN_PROTOCOL, max_protocol: MAX_PROTOCOL, language: 'ruby', version: VERSION,
        runtime_version: "Ruby #{RUBY_VERSION}", pid: Process.pid, features: [Bodies::FEATURE, Hooks::FEATURE, Copies::FEATURE]
      )
    end

    def version_error(core)
      LinkError.new("No protocol version in common: this runner speaks #{MIN_PROTOCOL} to #{MAX_PROTOCOL}, #{core}")
    end
  end
end
