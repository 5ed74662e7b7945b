# frozen_string_literal: true

require 'motia'
require 'runtime_runner/pb'
require 'runtime_runner/values'

module RuntimeRunner
  # An error that the core has answered a call with.
  module Answered
    attr_reader :type, :retryable, :cause, :raised_in

    def initialize(failure)
      super(failure.message)
      @type = failure.type.empty? ? self.class::TYPE : failure.type
      @retryable = failure.retryable
      @raised_in = [] # threads, as Unjoined notes them
      @cause = failure.cause && HostCallError.new(failure.cause)
    end

    # The error that stands for a failure.
    def self.of(failure)
      (failure.kind == :FAILURE_KIND_CONFLICT ? Conflict : HostCallError).new(failure)
    end
  end

  # What the core answered to a call that it refused or that failed.
  class HostCallError < StandardError
    include Answered
    TYPE = 'HostCallError'
  end

  # The same for a write that has found another version.
  class Conflict < Motia::VersionConflict
    include Answered
    TYPE = 'VersionConflict'
  end

  # Errors as `Failure` messages.
  module Failure
    MAX_CAUSES = 8
    MAX_FRAMES = 50
    MAX_MESSAGE_CHARACTERS = 8 << 10
    MAX_HTTP_BODY_BYTES = 256 << 10 # a failure travels in one envelope, so the body of an HttpError has to fit
    ANONYMOUS = /\A(#<(Module|Class):0x\h+>::)+/.freeze
    # A frame's file, and the rest of it.
    FRAME = /\A(.+?)(:\d+(?::.*)?)\z/m.freeze

    module_function

    # A failure of the runner's own, without a stack.
    def new(kind, message, retryable: true)
      Pb::Failure.new(kind: kind, message: text(message), retryable: retryable)
    end

    # The failure that stands for an error, with its causes; `kind` overrules what the error's class says.
    def of(error, project, kind = nil)
      failures = chain(error).map { |link| one(link, project) }
      failures.each_cons(2) { |failure, cause| failure.cause = cause }
      failure = failures.first
      failure.kind = kind if kind
      add_http(failure, error) if error.is_a?(Motia::HttpError)
      failure
    end

    # The frames of the user's own code, innermost first, such as "steps/a_step.rb:3:in `handler'".
    def frames(error, project)
      (error.backtrace || []).filter_map do |frame|
        path, place = frame.match(FRAME)&.captures
        file = project.relative(path)
        file && "#{file}#{place}"
      end.first(MAX_FRAMES)
    end

    # The error's class; of one that a step file defines, its name there.
    def type_of(error)
      error.is_a?(Answered) ? error.type : error.class.to_s.sub(ANONYMOUS, '')
    end

    # The wire takes UTF-8 only, and an error's text may hold anything.
    def text(text, most = MAX_MESSAGE_CHARACTERS)
      clean = text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
      clean.size <= most ? clean : "#{clean[0, most]}… (#{clean.size} characters)"
    end

    def one(error, project)
      final = error.is_a?(Motia::HttpError) || error.is_a?(Motia::NonRetriableError)
      failure = new(final ? :FAILURE_KIND_NON_RETRIABLE : :FAILURE_KIND_HANDLER, message_of(error))
      failure.type = text(type_of(error))
      failure.retryable = error.is_a?(Answered) ? error.retryable : !final
      failure.stack = stack_of(failure, frames(error, project))
      failure
    end

    # As Ruby prints it.
    def stack_of(failure, frames)
      return '' if frames.empty?

      first, *rest = frames
      text(["#{first}: #{failure.message} (#{failure.type})", *rest.map { |frame| "\tfrom #{frame}" }].join("\n"))
    end

    def chain(error)
      links = [error]
      links << links.last.cause while links.last.cause && links.size <= MAX_CAUSES
      links
    end

    def add_http(failure, error)
      return failure.http_status = error.status if error.body.nil?

      body = Values.encode(error.body, 'body of the HttpError')
      if body.bytesize <= MAX_HTTP_BODY_BYTES
        failure.http_status = error.status
        return failure.http_body = body
      end

      failure.kind = :FAILURE_KIND_INVALID_OUTPUT
      failure.message = "The body of the HttpError has #{body.bytesize} bytes; at most #{MAX_HTTP_BODY_BYTES} are " \
                        'allowed. Return a response with this status instead.'
    rescue Unsendable => fault
      failure.kind = :FAILURE_KIND_INVALID_OUTPUT
      failure.message = text(fault.message)
    end

    def message_of(error)
      error.message.to_s
    rescue StandardError => fault
      "(its message cannot be read: #{fault.class})"
    end

    private_class_method :one, :stack_of, :chain, :add_http, :message_of
  end
end
