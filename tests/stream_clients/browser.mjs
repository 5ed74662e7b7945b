// The page of the browser client.

import { Stream } from '@motiadev/stream-client-browser'

import { Watcher } from './watcher.mjs'

const watcher = new Watcher(new Stream(window.address, { protocols: window.protocols }), window.tell)

window.run = (command) => watcher[command.do](command)
