# frozen_string_literal: true

require 'fiddle'

CONFIG = { type: 'event', name: 'holds_loop', subscribes: ['holds_loop'], emits: [] }
STDOUT_NUMBER = 1

# Calls of C that keep the interpreter while they wait, so that no thread of Ruby can run.
def libc(name, *types)
  Fiddle::Function.new(Fiddle.dlopen(nil)[name], types, Fiddle::TYPE_INT, need_gvl: true)
end

READ = libc('read', Fiddle::TYPE_INT, Fiddle::TYPE_VOIDP, Fiddle::TYPE_SIZE_T)
WRITE = libc('write', Fiddle::TYPE_INT, Fiddle::TYPE_VOIDP, Fiddle::TYPE_SIZE_T)

def handler(input, _ctx)
  # Open for both, so that opening does not wait yet.
  pipe = File.open(input, 'r+')
  buffer = Fiddle::Pointer.malloc(100, Fiddle::RUBY_FREE)
  hold(pipe.fileno, buffer).force_encoding('UTF-8')
ensure
  pipe.close
end

# Without a call of Ruby's in between that would give another thread a turn.
def hold(pipe, buffer)
  WRITE.call(STDOUT_NUMBER, "holding\n", 8)
  # Reading the pipe blocks until the test writes.
  size = READ.call(pipe, buffer, 100)
  buffer[0, size]
end
