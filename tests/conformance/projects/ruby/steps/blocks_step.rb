# frozen_string_literal: true

CONFIG = { type: 'event', name: 'blocks', subscribes: ['blocks'], emits: [] }

LOCK = Mutex.new
COMPLETE = ConditionVariable.new
@arrived = 0

def handler(input, _ctx)
  LOCK.synchronize do
    @arrived += 1
    COMPLETE.broadcast
    COMPLETE.wait(LOCK) while @arrived < input
  end
  @arrived
end
