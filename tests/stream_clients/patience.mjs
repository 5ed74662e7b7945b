// The node client listens to no errors of its sockets, so a refused connection would end its process. An application
// that is to outlive a restart of its server does this.

import { WebSocket } from 'ws'

const { emit } = WebSocket.prototype

WebSocket.prototype.emit = function (type, ...values) {
  const unheard = type === 'error' && this.listenerCount('error') === 0
  return unheard ? false : emit.call(this, type, ...values)
}
