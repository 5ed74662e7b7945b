import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { RoomSocket, type Socket } from './streamSocket.ts'

class Wire extends EventTarget {
  sent: unknown[] = []
  isClosed = false

  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }

  close(): void {
    this.isClosed = true
    this.dispatchEvent(new Event('close'))
  }

  open(): void {
    this.dispatchEvent(new Event('open'))
  }

  say(frame: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }))
  }
}

const room = { streamName: 'board', groupId: 'today', id: '7' }
let wires: Wire[]
let told: string[]
let frames: unknown[]

function join(): RoomSocket {
  const listener = {
    frame: (frame: unknown) => void frames.push(frame),
    status: (status: string, why: string) => void told.push(why === '' ? status : `${status}: ${why}`),
  }
  return new RoomSocket(room, listener, () => {
    const wire = new Wire()
    wires.push(wire)
    return wire as unknown as Socket
  })
}

beforeEach(() => {
  vi.useFakeTimers()
  wires = []
  told = []
  frames = []
})
afterEach(() => void vi.useRealTimers())

test('it joins as soon as the socket is open, and passes on what comes', () => {
  join()
  expect(wires[0]?.sent).toEqual([])
  wires[0]?.open()
  expect(wires[0]?.sent).toEqual([{ type: 'join', data: { ...room, subscriptionId: expect.any(String) as string } }])
  const frame = { ...room, timestamp: 1, event: { type: 'sync', data: { id: '7' } } }
  wires[0]?.say(frame)
  expect(frames).toEqual([frame])
  expect(told).toEqual(['connecting', 'joined'])
})

test('a lost connection is made again, and the room joined again', () => {
  join()
  wires[0]?.open()
  wires[0]?.dispatchEvent(new Event('close'))
  expect(told.at(-1)).toBe('waiting')
  vi.runAllTimers()
  wires[1]?.open()
  expect(wires[1]?.sent).toHaveLength(1)
  expect(told.at(-1)).toBe('joined')
})

test('who is denied does not try again', () => {
  join()
  wires[0]?.open()
  const data = { code: 'STREAM_ACCESS_DENIED', message: 'not for you' }
  wires[0]?.say({ ...room, timestamp: 0, event: { type: 'event', event: { type: 'error', data } } })
  vi.runAllTimers()
  expect(told.at(-1)).toBe('denied: not for you')
  expect(wires).toHaveLength(1)
  expect(wires[0]?.isClosed).toBe(true)
})

test('an error that a step has sent is an event like any other', () => {
  join()
  wires[0]?.open()
  wires[0]?.say({ ...room, timestamp: 1, event: { type: 'event', event: { type: 'error', data: { code: 'LATE' } } } })
  expect(frames).toHaveLength(1)
})

test('after the end nothing is heard and nothing made again', () => {
  const socket = join()
  wires[0]?.open()
  socket.close()
  wires[0]?.say({ ...room, timestamp: 1, event: { type: 'sync', data: null } })
  vi.runAllTimers()
  expect(frames).toEqual([])
  expect(wires).toHaveLength(1)
})
