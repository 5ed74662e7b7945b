# frozen_string_literal: true

require_relative 'core_double'

# What user code prints, on the way to the core.
class PrintsTest < Minitest::Test
  INFO = :LOG_LEVEL_INFO
  WARN = :LOG_LEVEL_WARN

  def lines_of(body)
    step = "CONFIG = { type: 'event', name: 'X', subscribes: ['x'] }\ndef handler(input, ctx)\n#{body}\nend\n"
    CoreDouble.open({ 'steps/x_step.rb' => step }) do |core|
      core.invoke(1, 'x')
      lines = []
      lines << core.take(:log) while lines.last&.message != 'the end'
      assert(lines.all? { |line| line.invocation_id == 1 })
      return lines[0...-1].map { |line| [line.level, line.message] }
    end
  end

  def printed(body)
    lines_of("#{body}\nprint \"\\nthe end\"\nnil").reject { |_, message| message.empty? }
  end

  def test_all_ways_of_printing_are_lines_of_the_run
    lines = printed("puts 'a', ['b', 1]\nprint 'c', 'd', \"\\n\"\np nil, {k: 1}\nprintf(\"%02d\\n\", 3)\n" \
                    "$stdout << 'x' << \"\\n\"\nputc 'y'\nSTDOUT.puts\nwarn 'w'\n$stderr.puts 'e'\npp [1]")
    said = lines.group_by(&:first).transform_values { |each| each.map(&:last) }
    assert_equal({ INFO => %w[a b 1 cd nil {:k=>1} 03 x y [1]], WARN => %w[w e] }, said)
  end

  def test_threads_of_a_run_print_as_the_run
    assert_equal [[INFO, 'inner']], printed("Thread.new { Thread.new { puts 'inner' }.join }.join")
  end

  def test_a_line_waits_for_its_end
    assert_equal [[WARN, 'aside'], [INFO, 'one line'], [INFO, 'rest']],
                 printed("print 'one '\nwarn 'aside'\nprint \"line\\r\\nrest\"")
  end

  def test_a_line_that_is_drawn_over_and_over_is_told_once
    assert_equal [[WARN, '100 %']], printed("101.times { |done| $stderr.print \"\\r\#{done} %\" }\n$stderr.puts")
  end

  def test_bytes_and_other_encodings_are_text
    assert_equal [[INFO, 'grüße'], [INFO, 'ü'], [INFO, '�']],
                 printed("puts 'grüße'.b\nputs 'ü'.encode('ISO-8859-1')\nputs \"\\xff\"")
  end

  def test_a_very_long_line_is_cut
    most = RuntimeRunner::Prints::MOST
    assert_equal [[INFO, "#{'x' * most}…"], [INFO, 'short']],
                 printed("100.times { print 'x' * 1000 }\nputs '', 'short'")
  end
end
