# frozen_string_literal: true

# Read when gRPC is loaded: user code may fork, and gRPC's notes are none of the user's.
ENV['GRPC_ENABLE_FORK_SUPPORT'] ||= '0'
ENV['GRPC_VERBOSITY'] ||= 'NONE'
require 'grpc'

module RuntimeRunner
  # The one gRPC call of a runner's life: a stream each way, of bytes.
  #
  # gRPC's stub for such calls waits for its writer when the core has ended the stream, and nothing tells the writer.
  class Transport
    include GRPC::Core::CallOps

    MAX_MESSAGE_BYTES = 8 << 20
    CONNECT = '/runtime.runner.v1.RunnerLink/Connect'
    CHANNEL_ARGS = {
      'grpc.max_receive_message_length' => MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length' => MAX_MESSAGE_BYTES,
      'grpc.enable_http_proxy' => 0,
      # A window that grows lets megabytes of chunks stand in the pipe before a small envelope.
      'grpc.http2.bdp_probe' => 0
    }.freeze

    # Dials `target`, a gRPC target, and begins the call.
    def initialize(target, secret)
      channel = GRPC::Core::Channel.new(target, CHANNEL_ARGS, :this_channel_is_insecure)
      @call = channel.create_call(nil, nil, CONNECT, nil, GRPC::Core::TimeConsts::INFINITE_FUTURE)
      @call.run_batch(SEND_INITIAL_METADATA => { 'runtime-secret' => secret })
      @greeted = false
    end

    # Writes each of the frames, and then ends our side. Returns early when the core has ended its own.
    def write_all(frames)
      frames.each { |frame| @call.run_batch(SEND_MESSAGE => frame) }
      @call.run_batch(SEND_CLOSE_FROM_CLIENT => nil)
    rescue GRPC::Core::CallError
      nil # the reader finds the status
    end

    # The next frame; nil when the core has ended the stream, or lost it.
    def read
      operations = { RECV_MESSAGE => nil }
      operations[RECV_INITIAL_METADATA] = nil unless @greeted
      @greeted = true
      @call.run_batch(operations).message
    rescue GRPC::Core::CallError
      nil
    end

    # Why the stream has ended; nil when the core ended it in order.
    def fault
      status = @call.run_batch(RECV_STATUS_ON_CLIENT => nil).status
      status.code == GRPC::Core::StatusCodes::OK ? nil : status.details
    end
  end
end
