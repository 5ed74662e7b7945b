# frozen_string_literal: true

class NotYours < StandardError; end

LOCK = Mutex.new
COMPLETE = Thread::Queue.new
@arrived = 0

def meet(count)
  LOCK.synchronize { @arrived += 1 }
  COMPLETE.close if @arrived == count
  COMPLETE.pop
  true
end

def may_join(subscription, auth)
  case auth && auth['do']
  when 'give', 'give later' then auth['value']
  when 'give a function' then -> { false }
  when 'throw' then raise NotYours, 'it is not yours'
  when 'meet' then meet(auth['count'])
  when 'hang' then Thread::Queue.new.pop
  else auth.nil? && subscription['groupId'] == 'open' && !subscription.key?('id')
  end
end

def joined(_subscription, auth)
  Thread::Queue.new.pop if auth && auth['do'] == 'hang'
end

CONFIG = {
  name: 'gated', canAccess: method(:may_join), on_join: method(:joined),
  onLeave: ->(_subscription, _auth) { 'nobody reads this' }
}
