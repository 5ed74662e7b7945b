# frozen_string_literal: true

require 'runtime_runner/failure'
require 'runtime_runner/logs'

module RuntimeRunner
  # The threads of a run: those that it starts are in its group, and so those that these start.
  class RunThreads < ThreadGroup
    attr_reader :run

    # Takes the current thread in.
    def initialize(run)
      super()
      @run = run
      add(Thread.current)
    end

    # The run that the current thread belongs to, nil for none.
    def self.run
      group = Thread.current.group
      group.run if group.is_a?(self)
    end
  end

  # Puts what runs print together to lines and sends them; from any thread.
  class Prints
    # What `$stdout` and `$stderr` are while the runner works; what is written by `syswrite` passes by the runs.
    module Stream
      attr_accessor :prints, :level

      # Writes the objects, where a run is under way as part of its lines; returns the number of bytes.
      def write(*objects)
        run = RunThreads.run
        return super if run.nil?

        text = objects.map { |each| Prints.text(each) }.join
        prints.add(run, level, text) ? text.bytesize : super
      end
    end

    # Of a very long line its beginning is kept.
    MOST = Logs::MAX_LINE_BYTES

    def self.text(object)
      text = object.to_s
      text = text.dup.force_encoding(Encoding::UTF_8) if text.encoding == Encoding::BINARY
      text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
    end

    # What a terminal would show of a line: a carriage return begins it anew, but for one that belongs to the line break.
    def self.drawn(line)
      from = (line[0...-1].rindex("\r") || -1) + 1
      line[from, MOST + 1]
    end

    # Without `copies` what runs print is sent and nothing else.
    def initialize(logs, copies = nil)
      @logs = logs
      @copies = copies
      @process = Process.pid
      @lock = Monitor.new
    end

    # Takes over `$stdout` and `$stderr`, and the constants.
    def install
      $stdout = taken_over(STDOUT, :LOG_LEVEL_INFO)
      $stderr = taken_over(STDERR, :LOG_LEVEL_WARN)
    end

    # Adds to what a run prints, or has left behind prints, and sends the lines that end in it; false in a process that
    # was forked.
    def add(run, level, text)
      *lines, rest = text.split("\n", -1)
      numbers = @lock.synchronize do
        # Nothing is sent from a process that was forked.
        return false if Process.pid != @process

        begun = run.unfinished.fetch(level, '')
        ended = lines.map { |line| copy(run, level, line, ends: true) }
        copy(run, level, rest, ends: false) unless rest.to_s.empty?
        lines, begun = [begun + lines.first, *lines.drop(1)], '' unless lines.empty?
        run.unfinished[level] = Prints.drawn(begun + rest.to_s)
        ended
      end
      lines.zip(numbers) { |line, number| send_line(run, level, Prints.drawn(line), number) }
      true
    end

    # Sends what a run that ends has printed behind its last line break.
    def finish(run)
      lines = @lock.synchronize do
        unfinished, run.unfinished = run.unfinished, {}
        unfinished.filter_map { |level, line| [level, line, copy(run, level, '', ends: true)] unless line.empty? }
      end
      lines.each { |level, line, number| send_line(run, level, line, number) }
    end

    private

    # One that begins the line anew does so in the copy too.
    def copy(run, level, piece, ends:)
      return 0 if @copies.nil?

      @copies.write(level, run.id, piece[piece[0...-1].to_s.rindex("\r") || 0, MOST + 1], ends: ends)
    end

    def send_line(run, level, line, number)
      @logs.write(run, level, line.delete_suffix("\r"), printed: number)
    end

    # An object of its own: Ruby writes warnings past the methods of the one that it has begun with.
    def taken_over(original, level)
      stream = IO.for_fd(original.fileno, 'w', autoclose: false)
      [original, stream].each do |each|
        each.extend(Stream)
        each.prints = self
        each.level = level
        each.sync = true
      end
      stream
    end
  end
end
