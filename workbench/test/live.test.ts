import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { EventParser } from '../src/api/events.ts'
import { Live } from '../src/api/live.ts'
import type { LiveTopic } from '../src/api/types.ts'

const encoder = new TextEncoder()

/** A runtime whose connections the test holds in its hand. */
class FakeRuntime {
  readonly connections: { topics: LiveTopic[]; signal: AbortSignal; send: (text: string) => void; end: () => void }[] = []
  failure: Error | undefined

  readonly open = (topics: LiveTopic[], signal: AbortSignal): Promise<ReadableStream<Uint8Array>> => {
    if (this.failure !== undefined) return Promise.reject(this.failure)
    return Promise.resolve(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          const send = (text: string): void => controller.enqueue(encoder.encode(text))
          this.connections.push({ topics, signal, send, end: () => controller.close() })
        },
      }),
    )
  }

  at(index: number) {
    const connection = this.connections[index]
    if (connection === undefined) throw new Error(`there is no connection ${index}`)
    return connection
  }
}

const hello = 'event: hello\ndata: {}\n\n'
let runtime: FakeRuntime
let live: Live

beforeEach(() => {
  vi.useFakeTimers()
  runtime = new FakeRuntime()
  live = new Live(runtime.open)
})

afterEach(() => {
  vi.useRealTimers()
})

const pass = (milliseconds = 50): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds)

test('events come in pieces, with comments and any line end', () => {
  const parser = new EventParser()
  expect(parser.push(': ping\n\nevent: lo')).toEqual([])
  expect(parser.push('gs\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata:x\n\n')).toEqual([
    { event: 'logs', data: '{"a":\n1}' },
    { event: 'message', data: 'x' },
  ])
})

test('topics that are wanted together share a connection', async () => {
  const heard: unknown[] = []
  live.on('state', (data) => heard.push(data))
  live.on('runners', () => undefined)
  await pass()
  expect(runtime.connections.map(({ topics }) => topics)).toEqual([['runners', 'state']])
  runtime.at(0).send(`${hello}event: state\ndata: [{"group":"a","key":"b"}]\n\n`)
  await pass()
  expect(live.snapshot()).toEqual({ status: 'open', reason: '' })
  expect(heard).toEqual([[{ group: 'a', key: 'b' }]])
})

test('another topic gets another connection, and the old one ends when that has said hello', async () => {
  live.on('state', () => undefined)
  await pass()
  runtime.at(0).send(hello)
  live.on('logs', () => undefined)
  await pass()
  expect(runtime.at(1).topics).toEqual(['logs', 'state'])
  expect(runtime.at(0).signal.aborted).toBe(false)
  runtime.at(1).send(hello)
  await pass()
  expect(runtime.at(0).signal.aborted).toBe(true)
  expect(live.snapshot().status).toBe('open')
})

test('a lost connection is tried again, later each time, and then all is to be read again', async () => {
  const resumed = vi.fn()
  live.onResumed(resumed)
  live.on('state', () => undefined)
  await pass()
  runtime.at(0).send(hello)
  await pass()
  expect(resumed).not.toHaveBeenCalled()
  runtime.failure = new Error('the runtime does not answer')
  runtime.at(0).end()
  await pass()
  expect(live.snapshot().status).toBe('waiting')
  await pass(500)
  expect(live.snapshot()).toEqual({ status: 'waiting', reason: 'the runtime does not answer' })
  runtime.failure = undefined
  await pass(500)
  expect(runtime.connections).toHaveLength(1)
  await pass(500)
  runtime.at(1).send(hello)
  await pass()
  expect(live.snapshot().status).toBe('open')
  expect(resumed).toHaveBeenCalledOnce()
})

test('nobody looks: there is no connection', async () => {
  live.on('state', () => undefined)
  await pass()
  live.setHidden(true)
  expect(runtime.at(0).signal.aborted).toBe(true)
  expect(live.snapshot().status).toBe('paused')
  live.on('logs', () => undefined)
  await pass(10_000)
  expect(runtime.connections).toHaveLength(1)
  live.setHidden(false)
  await pass()
  expect(runtime.at(1).topics).toEqual(['logs', 'state'])
})

test('a topic that nobody wants any more is given up after a while', async () => {
  const leave = live.on('logs', () => undefined)
  live.on('state', () => undefined)
  await pass()
  runtime.at(0).send(hello)
  leave()
  await pass(4000)
  expect(runtime.connections).toHaveLength(1)
  await pass(2000)
  expect(runtime.at(1).topics).toEqual(['state'])
})
