# frozen_string_literal: true

module Sign
  # Writes a line to the process's stdout itself, so that it is no print of the run.
  def self.give(text)
    $stdout.syswrite("#{text}\n")
    nil
  end
end
