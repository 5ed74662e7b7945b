# frozen_string_literal: true

CONFIG = { type: 'event', name: 'meets', subscribes: ['meets'], emits: [] }

LOCK = Mutex.new
COMPLETE = Thread::Queue.new
@arrived = 0

def handler(input, _ctx)
  LOCK.synchronize { @arrived += 1 }
  COMPLETE.close if @arrived == input
  COMPLETE.pop
  @arrived
end
