/**
 * How well a text answers what was typed: higher is better, 0 is not at all.
 *
 * Each word must occur; one that begins the text counts most, then one that begins a word of it. Letters that only
 * follow each other somewhere count for a single word.
 */
export function rank(typed: string, text: string): number {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const lower = text.toLowerCase()
  if (words.length === 0) return 1
  let sum = 0
  for (const word of words) {
    const score = scoreOf(word, lower)
    if (score === 0) return words.length === 1 && isSpread(word, lower) ? 1 : 0
    sum += score
  }
  return sum / words.length + 1 / (1 + text.length)
}

function scoreOf(word: string, text: string): number {
  const at = text.indexOf(word)
  if (at === -1) return 0
  if (at === 0) return 8
  const startsWord = new RegExp(`[^a-z0-9]${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`)
  return startsWord.test(text) ? 6 : 3
}

function isSpread(word: string, text: string): boolean {
  let at = -1
  return [...word].every((letter) => (at = text.indexOf(letter, at + 1)) !== -1)
}

/** Those that answer, the best first; equal ones stay in their order. */
export function ranked<T>(typed: string, all: readonly T[], textOf: (each: T) => string, most: number): T[] {
  return all
    .map((each) => ({ each, score: rank(typed, textOf(each)) }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
    .slice(0, most)
    .map(({ each }) => each)
}
