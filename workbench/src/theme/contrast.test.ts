import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { contrast } from './contrast.ts'

const TOKEN = /--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g
const TEXT = 4.5
const SHAPE = 3

const css = readFileSync(new URL('./theme.css', import.meta.url), 'utf8')
const tokens = new Map([...css.matchAll(TOKEN)].map(([, name, light, dark]) => [name, { light, dark }]))

const GROUNDS = ['canvas', 'surface', 'raised', 'sunken', 'hover', 'selected']
const SIGNALS = ['ok', 'warn', 'bad', 'busy', 'api', 'event', 'cron', 'state', 'stream', 'noop']
const CODE = ['code-name', 'code-text', 'code-number', 'code-word', 'code-comment']

const texts: [string, string][] = [
  ...['ink', 'muted', 'faint', 'accent'].flatMap((ink) => GROUNDS.map((on): [string, string] => [ink, on])),
  ...SIGNALS.flatMap((ink) => [...GROUNDS, `${ink}-soft`].map((on): [string, string] => [ink, on])),
  ...SIGNALS.map((on): [string, string] => ['ink', `${on}-soft`]),
  ...CODE.flatMap((ink) => ['surface', 'sunken', 'raised', 'selected', 'bad-soft'].map((on): [string, string] => [ink, on])),
  ...['fill', 'fill-hover', 'danger-fill', 'danger-fill-hover'].map((on): [string, string] => ['on-fill', on]),
]

function of(name: string, theme: 'light' | 'dark'): string {
  const colour = tokens.get(name)?.[theme]
  if (colour === undefined) throw new Error(`theme.css has no colour '${name}'`)
  return colour
}

test('a contrast is what the standard says it is', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
})

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  test.each(texts)('%s can be read on %s', (ink, on) => {
    expect(contrast(of(ink, theme), of(on, theme))).toBeGreaterThanOrEqual(TEXT)
  })

  test.each(['canvas', 'surface', 'raised', 'sunken'])('borders of fields stand out from %s', (on) => {
    expect(contrast(of('line-strong', theme), of(on, theme))).toBeGreaterThanOrEqual(SHAPE)
  })

  test.each(GROUNDS)('the focus ring stands out from %s', (on) => {
    expect(contrast(of('accent', theme), of(on, theme))).toBeGreaterThanOrEqual(SHAPE)
  })
})
