// The node client: node node.mjs URL

import { Stream } from '@motiadev/stream-client-node'

import { serve, tell } from './commands.mjs'
import './patience.mjs'
import { Watcher } from './watcher.mjs'

const watcher = new Watcher(new Stream(process.argv[2]), tell)

await serve((command) => watcher[command.do](command))
process.exit(0)
