# frozen_string_literal: true

module Latch
  RELEASED = Thread::Queue.new
  OUTCOME = Thread::Queue.new
end
