import { expect, test } from 'vitest'

import type { StreamEvent, StreamFrame } from '../../api/streamSocket.ts'
import { dataOf, lineOf, withFrame, type Followed } from './items.ts'

const AT = '2026-01-31T12:00:00.000Z'
const item = { status: 'scored', id: '7', _createdAt: AT, __motia: { type: 'state-stream' } }
const frame = (event: StreamEvent, id?: string): StreamFrame => ({ streamName: 's', groupId: 'g', timestamp: 1, event, ...(id ? { id } : {}) })

test('what the runtime adds to an item is no part of its data', () => {
  expect(dataOf(item)).toEqual({ status: 'scored' })
  expect(lineOf('7', item)).toEqual({ key: '7', preview: '{status: "scored"}', created: AT })
  expect(lineOf('8', 'text')).toEqual({ key: '8', preview: '"text"', created: null })
})

test('frames are told by what came, and of which item', () => {
  const [sync, update, event] = [
    frame({ type: 'sync', data: [item] }),
    frame({ type: 'update', data: item }),
    frame({ type: 'event', event: { type: 'cheer', data: 3 } }, '9'),
  ].reduce<Followed[]>((all, each) => withFrame(all, each, AT), [])
  expect(sync).toMatchObject({ number: 1, type: 'sync', isEvent: false, id: '' })
  expect(update).toMatchObject({ number: 2, type: 'update', id: '7' })
  expect(event).toMatchObject({ number: 3, type: 'cheer', isEvent: true, id: '9', data: 3 })
})

test('only the last frames are kept', () => {
  let all: Followed[] = []
  for (let at = 0; at < 300; at += 1) all = withFrame(all, frame({ type: 'update', data: item }), AT)
  expect(all).toHaveLength(200)
  expect(all.at(-1)?.number).toBe(300)
})
