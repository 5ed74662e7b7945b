# frozen_string_literal: true

require_relative 'lib/latch'

CONFIG = { type: 'api', name: 'streams', path: '/streams', method: 'POST', emits: [] }

def handler(req, ctx)
  { status: 201, headers: { 'content-type' => req.body }, body: pieces(ctx) }
end

# Asks the core for each piece; some answers are orders.
def pieces(ctx)
  Enumerator.new do |out|
    (1..).each do |number|
      piece = ctx.state.get('pieces', number)
      break if piece == 'end' || obey(piece, out, ctx) == 'end'
    end
  ensure
    puts 'cleaned up'
  end
end

def obey(piece, out, ctx)
  case piece
  when 'throw' then raise TypeError, 'the source has run dry'
  when 'log', 'log and end' then log(piece, ctx)
  when 'forget' then forget(ctx)
  when 'leave work' then Thread.new { work(ctx) }
  else out << piece
  end
end

def log(piece, ctx)
  ctx.logger.info('a line from the body')
  'end' if piece == 'log and end'
end

def forget(ctx)
  thread = Thread.new { ctx.state.set('forgotten', 'key', 1) }
  thread.report_on_exception = false
  # A thread stops when it waits for its answer.
  Thread.pass until thread.stop?
end

def work(ctx)
  Latch::RELEASED.pop
  ctx.state.set('late', 'key', 1)
  Latch::OUTCOME << 'nothing was thrown'
rescue StandardError => error
  Latch::OUTCOME << "caught: #{error.message}"
end
