import { expect, test } from 'vitest'

import { formatBytes } from './bytes.ts'
import { counted, formatCount } from './count.ts'
import { formatDuration } from './duration.ts'
import { formatDistance, formatTime, localTime } from './time.ts'

test.each([
  [0, '0.0 ms'],
  [0.00321, '3.2 ms'],
  [0.4119, '412 ms'],
  [0.9996, '1.00 s'],
  [1.239, '1.24 s'],
  [59.999, '1m 00s'],
  [123, '2m 03s'],
  [3720, '1h 02m'],
  [200_000, '2d 7h'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1500, '1.5 kB'],
  [999_999, '1.0 MB'],
  [23_400_000, '23 MB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test('counts are exact as long as they are short', () => {
  expect([9999, 12_345, 999_949, 4_100_000].map(formatCount)).toEqual(['9,999', '12.3k', '1000k', '4.1M'])
  expect([counted(1, 'step'), counted(0, 'step')]).toEqual(['1 step', '0 steps'])
})

test('a time of today has no date', () => {
  const now = new Date(2026, 4, 6, 12, 0, 0).getTime()
  expect(formatTime(new Date(2026, 4, 6, 3, 4, 5, 6).toISOString(), now)).toBe('03:04:05.006')
  expect(formatTime(new Date(2026, 4, 5, 3, 4, 5, 6).toISOString(), now)).toBe('2026-05-05 03:04:05.006')
  expect(formatTime('never', now)).toBe('never')
})

test('distances say which way', () => {
  const at = (seconds: number): string => new Date(1_000_000 + seconds * 1000).toISOString()
  expect([0.2, -12, 61].map((seconds) => formatDistance(at(seconds), 1_000_000))).toEqual([
    'just now',
    '12 s ago',
    'in 1m 01s',
  ])
})

test('a field for a time gives back the moment it was given', () => {
  const iso = '2026-01-31T12:34:56.000Z'
  expect(new Date(localTime(iso)).toISOString()).toBe(iso)
  expect(localTime('')).toBe('')
  expect(localTime('soon')).toBe('')
})
