// The page of the browser client; the address of the server is in its fragment.

import { Stream } from '@motiadev/stream-client-browser'

import { Watcher } from './watcher.mjs'

const watcher = new Watcher(new Stream(location.hash.slice(1)), window.tell)

window.run = (command) => watcher[command.do](command)
