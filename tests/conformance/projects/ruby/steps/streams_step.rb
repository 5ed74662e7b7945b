# frozen_string_literal: true

require_relative 'lib/late'
require_relative 'lib/signal'

LINES = 2000 # more than fit in a frame
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
    Sign.give('cleaned up')
  end
end

def obey(piece, out, ctx)
  case piece
  when 'throw' then raise TypeError, 'the source has run dry'
  when 'log' then ctx.logger.info('a line from the body')
  when 'logs and end', 'logs and throw' then logs(piece, ctx)
  when 'forget' then forget(ctx)
  when 'leave work' then Thread.new { Late.work(ctx) }
  else out << piece
  end
end

def logs(piece, ctx)
  LINES.times { ctx.logger.info('a line from the body') }
  raise TypeError, 'the source has run dry' if piece == 'logs and throw'

  'end'
end

def forget(ctx)
  thread = Thread.new { ctx.state.set('forgotten', 'key', 1) }
  thread.report_on_exception = false
  # A thread stops when it waits for its answer.
  Thread.pass until thread.stop?
end
