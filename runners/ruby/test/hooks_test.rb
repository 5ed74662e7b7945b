# frozen_string_literal: true

require_relative 'core_double'

# Functions of stream configs.
class HooksTest < Minitest::Test
  GIVEN = { 'subscription' => { 'groupId' => 'novels' }, 'authContext' => { 'user' => 'Ada' } }.freeze

  def stream(members, &block)
    CoreDouble.open({ 'steps/shelf_stream.rb' => "CONFIG = { name: 'shelf', #{members} }\n" }, &block)
  end

  def load_failure(members)
    stream(members) { |core| return core.manifest.load_failures.first&.failure&.message }
  end

  def test_the_manifest_names_the_hooks_that_there_are
    stream("can_access: ->(s, a) {}, onLeave: method(:puts), schema: { type: 'object' }") do |core|
      assert_equal %i[HOOK_CAN_ACCESS HOOK_ON_LEAVE], core.manifest.streams.first.hooks.to_a
    end
  end

  def test_only_true_lets_in
    stream('canAccess: ->(subscription) { eval(subscription.groupId) }') do |core|
      { 'true' => true, 'nil' => false, 'false' => false }.each do |returned, expected|
        core.ask(:HOOK_CAN_ACCESS, 'shelf', given: { subscription: { groupId: returned }, authContext: nil })
        assert_equal expected, core.answer
      end
    end
  end

  def test_what_is_neither_true_nor_false_is_no_answer
    stream('canAccess: ->(subscription) { eval(subscription.groupId) }') do |core|
      { '0' => 'a Integer', "'no'" => 'a String', '-> { false }' => 'a function that nobody has called' }.each do |code, what|
        core.ask(:HOOK_CAN_ACCESS, 'shelf', given: { subscription: { groupId: code }, authContext: nil })
        failure = core.take(:call_reply).failure
        assert_equal :FAILURE_KIND_INVALID_OUTPUT, failure.kind
        assert_equal "canAccess returned #{what}; return true or false.", failure.message
      end
    end
  end

  def test_a_function_gets_the_subscription_and_who_asks
    seen = 'subscription.groupId == "novels" && subscription[:id].nil? && auth.user == "Ada"'
    stream("can_access: ->(subscription, auth) { #{seen} }, on_join: ->(*given) { raise given.size.to_s }") do |core|
      core.ask(:HOOK_CAN_ACCESS, 'shelf', given: GIVEN)
      assert_equal true, core.answer
      core.ask(:HOOK_ON_JOIN, 'shelf', given: GIVEN)
      assert_equal '2', core.take(:call_reply).failure.message
    end
  end

  def test_a_long_context_comes_in_chunks
    stream('can_access: ->(_, auth) { auth.name.size == 100_000 }') do |core|
      given = { 'subscription' => {}, 'authContext' => { 'name' => 'y' * 100_000 } }
      data = RuntimeRunner::Values.encode(given, 'given')
      core.send_message(:chunk, RuntimeRunner::Pb::Chunk.new(transfer: 1, data: data, last: true))
      core.send_message(:call, RuntimeRunner::Pb::Call.new(
        call_id: 1, hook: :HOOK_CAN_ACCESS, target: 'steps/shelf_stream.rb', payload_transfer: 1
      ))
      assert_equal true, core.answer
    end
  end

  def test_what_on_join_returns_is_not_sent
    stream('on_join: -> { Object.new }') do |core|
      core.ask(:HOOK_ON_JOIN, 'shelf', given: GIVEN)
      assert_nil core.answer
    end
  end

  def test_a_hook_that_is_not_there_is_refused
    stream('can_access: ->(_) { true }') do |core|
      [[:HOOK_ON_JOIN, 'shelf'], [:HOOK_CAN_ACCESS, 'other'], [:HOOK_AUTHENTICATE, 'shelf']].each do |hook, name|
        core.ask(hook, name)
        failure = core.take(:call_reply).failure
        assert_equal :FAILURE_KIND_REFUSED, failure.kind
        assert_match(/_stream.rb has no /, failure.message)
      end
    end
  end

  def test_whatever_a_function_raises_is_its_answer
    ['raise KeyError, "no Ada"', 'exit 1', 'Thread.exit', 'throw :up'].each do |body|
      stream("can_access: ->(_) {\n #{body}\n }") do |core|
        core.ask(:HOOK_CAN_ACCESS, 'shelf', given: GIVEN)
        failure = core.take(:call_reply).failure
        assert_equal :FAILURE_KIND_HANDLER, failure.kind
        assert_match(%r{steps/shelf_stream.rb:2}, failure.stack) unless body == 'Thread.exit'
      end
    end
  end

  def test_one_that_does_not_answer_is_answered_for_and_told
    stream('can_access: ->(_) { sleep }') do |core|
      core.ask(:HOOK_CAN_ACCESS, 'shelf', given: GIVEN, deadline_ms: 1)
      failure = core.take(:call_reply).failure
      assert_equal :FAILURE_KIND_DEADLINE, failure.kind
      assert_match(/did not end within 1 ms/, failure.message)
    end
  end

  # A function whose deadline passes before its thread has begun never runs: only one that runs can go on.
  GOES_ON = '{ $begun << 1; begin sleep; rescue Motia::Cancelled; retry; end }'
  TIME_TO_BEGIN_MS = 300

  def test_functions_that_go_on_take_room
    $begun = Thread::Queue.new
    stream("can_access: ->(_) #{GOES_ON}") do |core|
      2.times { core.ask(:HOOK_CAN_ACCESS, 'shelf', given: GIVEN, deadline_ms: TIME_TO_BEGIN_MS) }
      2.times { $begun.pop }
      2.times { assert_equal :FAILURE_KIND_DEADLINE, core.take(:call_reply).failure.kind }
      core.ask(:HOOK_CAN_ACCESS, 'shelf', given: GIVEN)
      assert_equal :FAILURE_KIND_OVERLOADED, core.take(:call_reply).failure.kind
    end
  end

  def test_functions_that_nobody_waits_for_take_no_room_of_the_others
    $begun = Thread::Queue.new
    stream("can_access: ->(_) { true }, on_join: -> #{GOES_ON}") do |core|
      core.ask(:HOOK_ON_JOIN, 'shelf', given: GIVEN, deadline_ms: TIME_TO_BEGIN_MS)
      $begun.pop
      assert_equal :FAILURE_KIND_DEADLINE, core.take(:call_reply).failure.kind
      core.ask(:HOOK_ON_JOIN, 'shelf', given: GIVEN)
      assert_equal :FAILURE_KIND_OVERLOADED, core.take(:call_reply).failure.kind
      core.ask(:HOOK_CAN_ACCESS, 'shelf', given: GIVEN)
      assert_equal true, core.answer
    end
  end

  def test_a_drain_lets_functions_end_and_answers_for_those_that_do_not
    stream('can_access: ->(_) { sleep }, on_join: -> { $go.pop }') do |core|
      $go = Thread::Queue.new
      core.ask(:HOOK_ON_JOIN, 'shelf')
      core.ask(:HOOK_CAN_ACCESS, 'shelf', given: GIVEN)
      core.send_message(:drain, RuntimeRunner::Pb::Drain.new(grace_ms: 200))
      $go << 1
      assert_nil core.answer
      assert_equal :FAILURE_KIND_CANCELLED, core.take(:call_reply).failure.kind
      core.ask(:HOOK_CAN_ACCESS, 'shelf', given: GIVEN)
      assert_equal :FAILURE_KIND_OVERLOADED, core.take(:call_reply).failure.kind
    end
  end

  def test_a_function_that_nobody_would_call_is_an_error
    assert_match(/can_acces in .* is a function that no stream has/, load_failure('can_acces: ->(_) { false }'))
    assert_match(/can_access in .* is nothing that can be called/, load_failure('can_access: true'))
    assert_match(/on_join in .* is nothing that can be called/, load_failure('on_join: nil'))
    assert_match(/canAccess in .* is there twice/, load_failure('can_access: ->(_) {}, canAccess: ->(_) { true }'))
  end
end
