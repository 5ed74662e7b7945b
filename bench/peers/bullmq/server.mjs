// The steps of bench/projects/flows on Express 4 and BullMQ: node server.mjs PORT REDIS_PORT CONCURRENCY
// Retries as our defaults have them; everything else that is not named here is BullMQ's default.
import express from 'express'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

import { figures, noteAccepted, noteChain, noteDone, noteRequest, noteStart, now, reset } from '../../projects/flows/figures.mjs'

const [port, redisPort, concurrency] = process.argv.slice(2).map(Number)
const connection = { host: '127.0.0.1', port: redisPort }
const store = new Redis(connection)
const defaultJobOptions = {
  removeOnComplete: true,
  attempts: 4,
  backoff: { type: 'exponential', delay: 1000 },
}

const queueOf = (name) => new Queue(name, { connection, defaultJobOptions })

function work(name, handler) {
  const worker = new Worker(name, (job) => handler(job.data), { connection, concurrency })
  worker.on('error', (error) => console.error(error))
  worker.on('failed', (_, error) => console.error(error))
}

const orders = queueOf('order.placed')
const chains = [1, 2, 3].map((link) => queueOf(`chain.${link}`))

work('order.placed', async ({ order, items, at }) => {
  noteStart(at)
  await store.set(`orders:${order}`, JSON.stringify({ order, items, state: 'fulfilled' }))
  noteDone()
})
work('chain.1', (data) => chains[1].add('link', data))
work('chain.2', (data) => chains[2].add('link', data))
work('chain.3', async ({ at }) => {
  await store.set('chains:last', JSON.stringify({ at }))
  noteChain(at)
})

const app = express()

app.post('/orders', express.json(), async (req, res) => {
  const order = noteRequest()
  await orders.add('order', { order, items: req.body.items, at: now() })
  noteAccepted()
  res.status(202).json({ order })
})

app.post('/chains', express.json(), async (req, res) => {
  await chains[0].add('link', { at: req.body.at })
  res.status(202).json({ accepted: true })
})

app.get('/figures', (req, res) => {
  res.json(figures())
})

app.post('/figures', (req, res) => {
  reset()
  res.json(figures())
})

app.listen(port, '127.0.0.1')
