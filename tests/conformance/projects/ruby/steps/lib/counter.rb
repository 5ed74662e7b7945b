# frozen_string_literal: true

module Counter
  @count = 0

  def self.increment
    @count += 1
  end
end
