# frozen_string_literal: true

require 'runtime_runner/failure'

module RuntimeRunner
  # Failed calls of threads that a handler has started, until it is known whether anybody has noticed.
  #
  # A failure is raised in the thread that made the call, and again in every thread that joins it. One that
  # has ended a thread which nobody has joined would be lost.
  class Unjoined
    # What a thread gets to end by its error; one that goes on has dealt with it.
    LAST_WORDS_SECONDS = 0.1

    # Ruby says of no thread whether it was joined; that its error was raised elsewhere tells it.
    TRACE = TracePoint.new(:raise) do |point|
      error = point.raised_exception
      error.raised_in << Thread.current if error.is_a?(Answered)
    end

    def initialize
      @failed = []
    end

    # Takes a failure that is about to be raised in a thread.
    def add(error, thread)
      TRACE.enable unless TRACE.enabled?
      @failed << [error, thread]
    end

    # The errors that nobody has noticed so far.
    def errors
      deadline = Work.clock + LAST_WORDS_SECONDS
      @failed.filter_map { |error, thread| error if unnoticed?(error, thread, deadline) }
    end

    private

    def unnoticed?(error, thread, deadline)
      return false if error.raised_in.any? { |other| !other.equal?(thread) }

      thread.join([deadline - Work.clock, 0].max)
      false
    rescue Exception => last # rubocop:disable Lint/RescueException -- whatever has ended that thread
      last.equal?(error)
    end
  end
end
