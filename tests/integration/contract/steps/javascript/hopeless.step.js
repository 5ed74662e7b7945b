import { NonRetriableError } from 'motia'

export const config = { type: 'event', name: 'JavaScriptHopeless', subscribes: ['javascript.hopeless'] }

export const handler = async () => {
  throw new NonRetriableError('no use', { cause: new Error('the reason') })
}
