// The node client: node node.mjs ADDRESS [PROTOCOL ...]

import { Stream } from '@motiadev/stream-client-node'

import { serve, tell } from './commands.mjs'
import './patience.mjs'
import { Watcher } from './watcher.mjs'

const [address, ...protocols] = process.argv.slice(2)
const watcher = new Watcher(new Stream(address, { protocols }), tell)

await serve((command) => watcher[command.do](command))
process.exit(0)
