import { expect, test } from 'vitest'

import type { StreamEvent, StreamFrame } from '../../api/streamSocket.ts'
import { afterFrame, type LiveItem } from './liveItem.ts'

const first: LiveItem = { value: { n: 0 }, updates: 0, timestamp: 0, events: [] }
const frame = (timestamp: number, event: StreamEvent): StreamFrame => ({ streamName: 's', groupId: 'g', id: '1', timestamp, event })

test('updates, events and the deletion are taken over, each once and in their order', () => {
  const frames = [
    frame(1, { type: 'sync', data: { n: 1 } }),
    frame(3, { type: 'update', data: { n: 3 } }),
    frame(2, { type: 'update', data: { n: 2 } }),
    frame(3, { type: 'update', data: { n: 3 } }),
    frame(4, { type: 'event', event: { type: 'cheer', data: 1 } }),
  ]
  const after = frames.reduce(afterFrame, first)
  expect(after).toEqual({ value: { n: 3 }, updates: 1, timestamp: 4, events: [{ type: 'cheer', data: 1 }] })
  expect(afterFrame(after, frame(5, { type: 'delete', data: { id: '1' } })).value).toBeNull()
})
