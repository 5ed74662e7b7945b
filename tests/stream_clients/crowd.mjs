// Many node clients in one process: node crowd.mjs URL

import { isDeepStrictEqual } from 'node:util'

import { Stream } from '@motiadev/stream-client-node'

import { serve } from './commands.mjs'
import './patience.mjs'

const STREAM = 'notes'
const clients = []
const subscriptions = []

/** Opens a client for each list of places; a place with an id is an item, one without a group. */
function open({ places }) {
  for (const mine of places) {
    const client = new Stream(process.argv[2])
    clients.push(client)
    for (const [group, id] of mine) watch(client, group, id)
  }
}

function watch(client, group, id) {
  const subscription = id === undefined ? client.subscribeGroup(STREAM, group) : client.subscribeItem(STREAM, group, id)
  const watched = { group, id, subscription, heard: 0 }
  subscription.onEvent('mark', (number) => (watched.heard = number))
  subscriptions.push(watched)
}

/** Breaks the connections of some clients, as a network does. */
function cut({ clients: numbers }) {
  for (const number of numbers) clients[number].ws.ws.terminate()
}

/** How many subscriptions have not heard the mark of this number: what was sent before it may be on its way. */
function unheard({ mark }) {
  return subscriptions.filter(({ heard }) => heard !== mark).length
}

/** The first few subscriptions whose view is not what the store holds, by group. */
function differences({ store }) {
  const differ = ({ group, id, subscription }) => !isDeepStrictEqual(subscription.getState(), stored(store, group, id))
  return subscriptions.filter(differ).slice(0, 3).map(({ group, id, subscription }) => ({
    place: [group, id],
    view: subscription.getState(),
    store: stored(store, group, id),
  }))
}

function stored(store, group, id) {
  return id === undefined ? store[group] : (store[group].find((item) => item.id === id) ?? null)
}

const commands = { open, cut, unheard, differences }

await serve((command) => commands[command.do](command))
process.exit(0)
