// The steps of bench/projects/flows on Express 4 and BullMQ: node server.mjs PORT REDIS_PORT CONCURRENCY [apart]
// With `apart` the workers run in a process of their own.
import { fork } from 'node:child_process'
import { once } from 'node:events'

import express from 'express'

import { figures, noteAccepted, noteRequest, now, reset } from '../../projects/flows/figures.mjs'
import { queueOf, startWorkers } from './workers.mjs'

const [port, redisPort, concurrency] = process.argv.slice(2, 5).map(Number)
const isApart = process.argv[5] === 'apart'
// Queues of their own: both forms of this server use the same Redis, by turns.
const connection = { host: '127.0.0.1', port: redisPort, db: isApart ? 1 : 0 }
const apart = isApart ? fork(new URL('workers.mjs', import.meta.url), [JSON.stringify(connection), concurrency]) : null
if (apart) apart.on('exit', (code) => process.exit(code || 1))
else startWorkers(connection, concurrency)

const orders = queueOf('order.placed', connection)
const chain = queueOf('chain.1', connection)

/** What both processes have noted, after what is wished for; asked one at a time. */
async function noted(wish) {
  if (wish === 'reset') reset()
  if (!apart) return figures()
  apart.send(wish)
  const [theirs] = await once(apart, 'message')
  const { accepted, began } = figures()
  return { ...theirs, accepted, began: began ?? theirs.began }
}

const app = express()

app.post('/orders', express.json(), async (req, res) => {
  const order = noteRequest()
  await orders.add('order', { order, items: req.body.items, at: now() })
  noteAccepted()
  res.status(202).json({ order })
})

app.post('/chains', express.json(), async (req, res) => {
  await chain.add('link', { at: req.body.at })
  res.status(202).json({ accepted: true })
})

app.get('/figures', async (req, res) => {
  res.json(await noted('tell'))
})

app.post('/figures', async (req, res) => {
  res.json(await noted('reset'))
})

app.listen(port, '127.0.0.1')
