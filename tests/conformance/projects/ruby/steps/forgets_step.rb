# frozen_string_literal: true

CONFIG = { type: 'event', name: 'forgets', subscribes: ['forgets'], emits: [] }

def handler(input, ctx)
  threads = { one: 1, two: 2 }.map { |topic, data| Thread.new { ctx.emit(topic, data) } }
  threads.each { |thread| thread.report_on_exception = false }
  # A thread stops when it waits for its answer.
  Thread.pass until threads.all?(&:stop?)
  raise input if input

  'done'
end
