# frozen_string_literal: true

require_relative 'core_double'

# What only a language with threads has to decide.
class SessionTest < Minitest::Test
  def step(body)
    "CONFIG = { type: 'event', name: 'X', subscribes: ['x'] }\ndef handler(input, ctx)\n#{body}\nend\n"
  end

  def running(body, &block)
    CoreDouble.open({ 'steps/x_step.rb' => step(body) }, &block)
  end

  def test_a_failed_call_of_a_thread_that_the_handler_joins_is_the_handlers_to_judge
    running("thread = Thread.new { ctx.emit('a', 1) }\nthread.report_on_exception = false\n" \
            "thread.join rescue 'noticed'") do |core|
      core.invoke(1, 'x')
      core.refuse('the topic is closed')
      assert_equal 'noticed', core.value
    end
  end

  def test_a_failed_call_that_its_thread_rescues_fails_nothing
    running("Thread.new { ctx.emit('a', 1) rescue sleep }.tap { |t| Thread.pass until t.stop? }\n'done'") do |core|
      core.invoke(1, 'x')
      core.refuse('the topic is closed')
      assert_equal 'done', core.value
    end
  end

  def test_a_handler_that_ends_its_thread_has_failed
    running('Thread.exit') do |core|
      core.invoke(1, 'x')
      assert_match(/ended its own thread/, core.take(:result).failure.message)
    end
  end

  def test_exit_is_an_error_like_others
    running('exit 1') do |core|
      core.invoke(1, 'x')
      assert_equal 'SystemExit', core.take(:result).failure.type
    end
  end

  def test_a_handler_that_computes_can_see_that_it_is_cancelled
    running("ctx.logger.info('begun')\nnil until ctx.cancelled?\n'seen'") do |core|
      core.invoke(1, 'x')
      core.take(:log)
      core.send_message(:cancel, RuntimeRunner::Pb::Cancel.new(invocation_id: 1, grace_ms: 5000))
      assert_equal 'seen', core.value
    end
  end

  def test_a_cancel_strikes_only_where_the_handler_waits
    running("ctx.logger.info('begun')\nparts = []\nnil until ctx.cancelled?\nparts << 'whole'\nsleep\n" \
            "rescue Motia::Cancelled\nparts") do |core|
      core.invoke(1, 'x')
      core.take(:log)
      core.send_message(:cancel, RuntimeRunner::Pb::Cancel.new(invocation_id: 1, grace_ms: 5000))
      assert_equal ['whole'], core.value
    end
  end

  def test_threads_that_go_on_after_a_cancel_take_room
    running("ctx.logger.info('begun')\nbegin\nsleep\nrescue Motia::Cancelled\nretry\nend") do |core|
      [1, 2].each do |id|
        core.invoke(id, 'x')
        nil until core.take(:log).message == 'begun'
        core.send_message(:cancel, RuntimeRunner::Pb::Cancel.new(invocation_id: id, grace_ms: 0))
        assert_equal :FAILURE_KIND_CANCELLED, core.take(:result).failure.kind
      end
      core.invoke(3, 'x')
      failure = core.take(:result).failure
      assert_equal :FAILURE_KIND_OVERLOADED, failure.kind
      assert_match(/2 of them went on/, failure.message)
    end
  end
end
