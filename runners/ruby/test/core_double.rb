# frozen_string_literal: true

require 'minitest/autorun'
require 'runtime_runner/outbox'
require 'runtime_runner/project'
require 'runtime_runner/session'
require 'tmpdir'

# A core for one session: it sends what a test says and takes what the outbox writes.
class CoreDouble
  include RuntimeRunner

  PATIENCE_SECONDS = 10
  LIMITS = {
    max_in_flight: 2, max_payload_bytes: 1 << 20, chunk_bytes: 64 << 10, max_queued_bytes: 1 << 20, max_host_calls: 8,
    body_window_bytes: 64 << 10, max_bodies: 2
  }.freeze

  # Runs the block with a core whose session has loaded the files, given as text by path, from "steps/" on.
  def self.open(files)
    Dir.mktmpdir do |root|
      Dir.mkdir(File.join(root, 'steps'))
      files.each { |path, text| File.write(File.join(root, path), text) }
      yield new(root, files.keys.grep(/_step\.rb\z/), files.keys.grep(/_stream\.rb\z/))
    end
  end

  attr_reader :manifest

  def initialize(root, steps, streams)
    @calls = 0
    limits = Pb::Limits.new(**LIMITS)
    outbox = Outbox.new.tap { |new| new.keep(limits) }
    @envelopes = Thread::Queue.new
    welcome = Pb::Welcome.new(limits: limits, features: [Bodies::FEATURE])
    @session = Session.new(outbox, welcome, Project.new(root)) { nil }
    Thread.new { outbox.each { |frame| Pb::RunnerFrame.decode(frame).envelopes.each { |each| @envelopes << each } } }
    @session.dispatch(:load, Pb::Load.new(step_files: steps, stream_files: streams))
    @manifest = take(:manifest)
  end

  # Starts a step with an event.
  def invoke(id, step, value = nil)
    @session.dispatch(:invoke, Pb::Invoke.new(
      invocation_id: id, step_file: "steps/#{step}_step.rb", trigger: :TRIGGER_KIND_EVENT, attempt: 1,
      payload: Values.encode(value, 'value')
    ))
  end

  # Asks for a hook of a stream.
  def ask(hook, stream, given: {}, deadline_ms: 0)
    @session.dispatch(:call, Pb::Call.new(
      call_id: @calls += 1, hook: hook, target: "steps/#{stream}_stream.rb", deadline_ms: deadline_ms,
      payload: Values.encode(given, 'given')
    ))
  end

  # What the next hook answered.
  def answer
    reply = take(:call_reply)
    raise "the hook failed: #{reply.failure.message}" if reply.failure

    RuntimeRunner::Values.decode(reply.payload)
  end

  # Sends a message that needs no session of its own.
  def send_message(kind, message)
    @session.dispatch(kind, message)
  end

  # Answers the next host call with a failure.
  def refuse(message, kind: :FAILURE_KIND_REFUSED, retryable: false)
    failure = Pb::Failure.new(kind: kind, message: message, retryable: retryable)
    @session.dispatch(:host_reply, Pb::HostReply.new(call_id: take(:host_call).call_id, failure: failure))
  end

  # Answers the next host call with a value and returns the call.
  def reply(value)
    take(:host_call).tap do |call|
      payload = Values.encode(value, 'value')
      @session.dispatch(:host_reply, Pb::HostReply.new(call_id: call.call_id, payload: payload))
    end
  end

  # The next message of the kind; others before it are dropped.
  def take(kind)
    Timeout.timeout(PATIENCE_SECONDS) do
      loop do
        envelope = @envelopes.pop
        return envelope[kind.name] if envelope.kind == kind
      end
    end
  end

  # What the next result returned.
  def value
    result = take(:result)
    raise "the run failed: #{result.failure.message}" if result.failure

    RuntimeRunner::Values.decode(result.payload)
  end
end
