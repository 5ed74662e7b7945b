# frozen_string_literal: true

require_relative 'latch'

# Work that goes on when its run is over.
module Late
  # Prints, and tries a host call, once the latch is released, and says there how it went.
  def self.work(ctx)
    Latch::RELEASED.pop
    puts 'late'
    ctx.state.set('late', 'key', 1)
    Latch::OUTCOME << 'nothing was thrown'
  rescue StandardError => error
    Latch::OUTCOME << "caught: #{error.message}"
  end
end
