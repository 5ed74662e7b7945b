import { expect, test } from 'vitest'

import { nameOf, Sequence, type Pressed, type Shortcut } from './shortcuts.ts'

const shortcut = (keys: string): Shortcut => ({ keys, title: keys, group: '', run: () => undefined })
const shortcuts = ['g t', 'g f', '/', 'mod+k', 't'].map(shortcut)
const press = (key: string, more: Partial<Pressed> = {}): string =>
  nameOf({ key, ctrlKey: false, metaKey: false, altKey: false, ...more })

test('keys have the names that people read', () => {
  expect(press('k', { ctrlKey: true })).toBe('mod+k')
  expect(press('K', { metaKey: true })).toBe('mod+k')
  expect(press('?')).toBe('?')
  expect(press('G')).toBe('G')
  expect(press('Escape')).toBe('esc')
})

test('two keys one after the other are one shortcut', () => {
  const sequence = new Sequence()
  expect(sequence.press('g', 0, shortcuts)).toBeUndefined()
  expect(sequence.press('t', 500, shortcuts)?.keys).toBe('g t')
  expect(sequence.press('t', 600, shortcuts)?.keys).toBe('t')
})

test('a second key that comes late, or fits nothing, is forgotten', () => {
  const sequence = new Sequence()
  sequence.press('g', 0, shortcuts)
  expect(sequence.press('t', 1500, shortcuts)?.keys).toBe('t')
  sequence.press('g', 2000, shortcuts)
  expect(sequence.press('x', 2100, shortcuts)).toBeUndefined()
  expect(sequence.press('/', 2200, shortcuts)?.keys).toBe('/')
})

test('the shortcut that was added last counts', () => {
  const last = shortcut('t')
  expect(new Sequence().press('t', 0, [...shortcuts, last])).toBe(last)
})
