// The fan-out of bench/projects/fanout on Express 4 and BullMQ: node fanout.mjs PORT REDIS_PORT CONCURRENCY
// BullMQ has no subscribers, so an event is a job in the queue of each; settings as in server.mjs.
import express from 'express'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

import { figures, noteAccepted, noteRequest, now, reset } from '../../projects/fanout/figures.mjs'
import { noteSubscriber } from '../../projects/fanout/runs.mjs'

const SUBSCRIBERS = 50
const AT_ONCE = 16

const [port, redisPort, concurrency] = process.argv.slice(2).map(Number)
const connection = { host: '127.0.0.1', port: redisPort }
const store = new Redis(connection)
const sender = new Redis({ ...connection, maxRetriesPerRequest: null })
const defaultJobOptions = { removeOnComplete: true, attempts: 4, backoff: { type: 'exponential', delay: 1000 } }

const names = Array.from({ length: SUBSCRIBERS }, (_, number) => `subscriber-${number}`)
const queues = names.map((name) => new Queue(name, { connection: sender, defaultJobOptions }))

for (const name of names) {
  const work = async ({ data: { order, at } }) => {
    await store.set(`${name}:${order}`, JSON.stringify({ order, state: 'told' }))
    noteSubscriber(name, order, at, SUBSCRIBERS)
  }
  const worker = new Worker(name, work, { connection, concurrency })
  worker.on('error', (error) => console.error(error))
  worker.on('failed', (_, error) => console.error(error))
}

const app = express()

app.post('/fan-outs', express.json(), async (req, res) => {
  let next = 0
  const lane = async () => {
    while (next++ < req.body.events) {
      const data = { order: noteRequest(), at: now() }
      await Promise.all(queues.map((queue) => queue.add('order', data)))
      noteAccepted(SUBSCRIBERS)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  res.json({ events: req.body.events })
})

app.get('/figures', (req, res) => {
  res.json(figures())
})

app.post('/figures', (req, res) => {
  reset()
  res.json(figures())
})

app.listen(port, '127.0.0.1')
