// The event steps of bench/projects/flows as BullMQ's workers, beside the server or in a process of their own:
// node workers.mjs CONNECTION CONCURRENCY, started by server.mjs.
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

import { figures, noteChain, noteDone, noteStart, reset } from '../../projects/flows/figures.mjs'

// Retries as our defaults have them; everything else that is not named here is BullMQ's default.
const defaultJobOptions = { removeOnComplete: true, attempts: 4, backoff: { type: 'exponential', delay: 1000 } }

export function queueOf(name, connection) {
  return new Queue(name, { connection, defaultJobOptions })
}

export function startWorkers(connection, concurrency) {
  const store = new Redis(connection)
  const chains = [2, 3].map((link) => queueOf(`chain.${link}`, connection))

  const work = (name, handler) => {
    const worker = new Worker(name, (job) => handler(job.data), { connection, concurrency })
    worker.on('error', (error) => console.error(error))
    worker.on('failed', (_, error) => console.error(error))
  }

  work('order.placed', async ({ order, items, at }) => {
    noteStart(at)
    await store.set(`orders:${order}`, JSON.stringify({ order, items, state: 'fulfilled' }))
    noteDone(`${order} ${at}`)
  })
  work('chain.1', (data) => chains[0].add('link', data))
  work('chain.2', (data) => chains[1].add('link', data))
  work('chain.3', async ({ at }) => {
    await store.set('chains:last', JSON.stringify({ at }))
    noteChain(at)
  })
}

if (process.send) {
  startWorkers(JSON.parse(process.argv[2]), Number(process.argv[3]))
  process.on('message', (wish) => {
    if (wish === 'reset') reset()
    process.send(figures())
  })
  process.on('disconnect', () => process.exit())
}
