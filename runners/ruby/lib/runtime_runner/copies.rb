# frozen_string_literal: true

module RuntimeRunner
  # Writes copies of what runs print to the process's own output: they are there when it dies before it has sent a line.
  class Copies
    FEATURE = :FEATURE_COPIED_PRINTS
    # Of one write: a pipe takes so much as a whole, whoever else writes to it.
    MOST_BYTES = 4096

    # What there is to write copies with; nil where they were not agreed on. The streams are by their levels.
    def self.agreed(welcome, streams)
      new(welcome.session, streams) if welcome.features.include?(FEATURE)
    end

    # Copies go where these streams go now, whatever becomes of them.
    def initialize(session, streams)
      @session = session
      @last = 0
      @streams = streams.transform_values { |stream| stream.dup.tap { |own| own.sync = true } }
    end

    # Writes the next piece of a run's line, or its last; returns the number of a line that has ended, 0 where there is no
    # copy. Takes as long as the pipe is full, and never fails. The callers take care that one comes after the other.
    def write(level, run, text, ends:)
      stream = @streams[level]
      return 0 if stream.nil?

      number = ends ? @last += 1 : 0
      pieces = pieces_of(text.b, MOST_BYTES - mark(number, run).bytesize - 1)
      pieces.each_with_index do |piece, place|
        stream.write("#{mark(place == pieces.size - 1 ? number : 0, run)}#{piece}\n".b)
      end
      number
    rescue SystemCallError, IOError
      # Nobody reads there any more; the lines themselves are sent all the same.
      @streams.delete(level)
      0
    end

    private

    def mark(number, run)
      "\x1e#{@session};#{number};#{run}\x1f".b
    end

    def pieces_of(data, room)
      return [data] if data.bytesize <= room

      0.step(data.bytesize - 1, room).map { |from| data.byteslice(from, room) }
    end
  end
end
