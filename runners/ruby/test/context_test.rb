# frozen_string_literal: true

require_relative 'core_double'

# What `ctx` asks of the core.
class ContextTest < Minitest::Test
  def running(body, &block)
    config = "CONFIG = { type: 'event', name: 'X', subscribes: ['x'] }"
    CoreDouble.open({ 'steps/x_step.rb' => "#{config}\ndef handler(input, ctx)\n#{body}\nend\n" }, &block)
  end

  def call_of(body, reply: nil)
    running(body) do |core|
      core.invoke(1, 'x')
      return [core.reply(reply), core.value]
    end
  end

  def refusal_of(body)
    running(body) do |core|
      core.invoke(1, 'x')
      return core.take(:result).failure.message
    end
  end

  def test_an_entry_has_a_value_and_a_version
    call, value = call_of("entry = ctx.state.get_entry('g', 'k')\n[entry.value, entry.version]",
                          reply: { 'value' => { 'n' => 1 }, 'version' => 1_700_000_000_000_000 })
    assert_equal [:HOST_OP_STATE_GET_ENTRY, 'g', 'k'], [call.op, call.group, call.key]
    assert_equal [{ 'n' => 1 }, 1_700_000_000_000_000], value
    assert_equal ['default', nil], call_of("ctx.state.get_entry('k')").then { |of, none| [of.group, none] }
  end

  def test_whole_numbers_name_a_key_by_their_digits
    { '7' => '7', '1e16' => '1' + '0' * 16, '-0.0' => '0', ':k' => 'k' }.each do |given, key|
      assert_equal key, call_of("ctx.state.get('g', #{given})").first.key
    end
    ['1.5', '1e-7', 'Float::NAN', '-Float::INFINITY'].each do |given|
      assert_match(/key must be a string or a whole number, not /, refusal_of("ctx.state.get('g', #{given})"))
    end
  end

  def test_options_of_set_may_be_in_ruby_words
    ["if_version: 0, ttl: 1.5", "ifVersion: 0, ttl: 1.5, **{}"].each do |options|
      call, value = call_of("ctx.state.set('g', 'k', { n: 1 }, #{options})")
      assert_equal({ 'ifVersion' => 0, 'ttl' => 1.5 }, RuntimeRunner::Values.decode(call.options))
      assert_equal({ 'n' => 1 }, value)
    end
    assert_equal '', call_of("ctx.state.set('g', 'k', 1, ttl: nil)").first.options
  end

  def test_a_version_of_nothing_is_not_any_version
    assert_match(/0 for when there is no value/, refusal_of("ctx.state.set('g', 'k', 1, if_version: nil)"))
    assert_match(/does not know if_versions/, refusal_of("ctx.state.set('g', 'k', 1, if_versions: 1)"))
  end

  def test_another_version_is_an_error_of_its_own
    set = "ctx.state.set('g', 'k', 1, if_version: 7)"
    running("#{set}\nrescue Motia::VersionConflict => error\nerror.message") do |core|
      core.invoke(1, 'x')
      core.refuse('it has version 8', kind: :FAILURE_KIND_CONFLICT)
      assert_equal 'it has version 8', core.value
    end
  end

  def test_one_that_nobody_rescues_fails_the_run_as_the_core_says
    [true, false].each do |retryable|
      running("ctx.state.set('g', 'k', 1, if_version: 7)") do |core|
        core.invoke(1, 'x')
        core.refuse('it has version 8', kind: :FAILURE_KIND_CONFLICT, retryable: retryable)
        failure = core.take(:result).failure
        assert_equal [:FAILURE_KIND_HANDLER, 'VersionConflict', retryable],
                     [failure.kind, failure.type, failure.retryable]
      end
    end
  end

  def test_a_text_is_written_and_closed
    call, value = call_of("ctx.stream.write('answer', 'grüße')")
    assert_equal [:HOST_OP_TEXT_WRITE, 'answer', 'grüße', nil],
                 [call.op, call.key, RuntimeRunner::Values.decode(call.payload), value]
    call, value = call_of("ctx.stream.close('answer')")
    assert_equal [:HOST_OP_TEXT_CLOSE, 'answer', '', nil], [call.op, call.key, call.payload, value]
  end

  def test_what_is_no_text_is_refused_at_the_call
    ["'x'.b", '{ a: 1 }', 'nil', '5'].each do |given|
      assert_match(/must be text, not/, refusal_of("ctx.stream.write('answer', #{given})"))
    end
    assert_match(/at least one character/, refusal_of("ctx.stream.write('', 'x')"))
    wanted = /only write and close for texts; did you mean ctx\.streams\.messages\?/
    assert_match(wanted, refusal_of("ctx.stream.messages.get('g', 'k')"))
  end

  def test_what_send_takes_is_told
    channel = /The channel of send is \{ groupId: 'the group' \}, with an id beside it for one item/
    assert_match(channel, refusal_of("ctx.streams.chat.send('lobby', { type: 'x' })"))
    assert_match(channel, refusal_of("ctx.streams.chat.send({ group: 'lobby' }, { type: 'x' })"))
    assert_match(/The event of send is \{ type: 'a name'/, refusal_of("ctx.streams.chat.send({ groupId: 'g' }, 'x')"))
    assert_match(/must be a string, not 5/, refusal_of("ctx.streams.chat.send({ groupId: 'g' }, { type: 5 })"))
  end

  def test_the_key_of_a_change_is_read_as_its_other_members
    running('[input.key, input.groupId, input.previous]') do |core|
      core.invoke(1, 'x', { groupId: 'g', key: 'k', operation: 'create', value: 1, previous: nil })
      assert_equal ['k', 'g', nil], core.value
    end
  end
end
