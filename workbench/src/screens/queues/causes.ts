import type { DeadLetter, Failure } from '../../api/types.ts'

/** Dead letters that died of the same. */
export interface Cause {
  /** Tells it from the others. */
  key: string
  type: string
  /** The message with `…` for what differs from letter to letter. */
  pattern: string
  letters: DeadLetter[]
  /** When the newest of them was buried. */
  newest: string
}

const LONGEST = 200
const DIFFERING = [
  /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi,
  /\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b/gi,
  /(?<!\w)(['"`])(?:(?!\1).){1,100}?\1(?!\w)/g,
  /\d+(?:[.,:]\d+)*/g,
]

/** The first line of a message, with `…` in place of numbers, ids and quoted words. */
export function patternOf(message: string): string {
  const [line = ''] = message.split('\n', 1)
  return DIFFERING.reduce((text, each) => text.replace(each, '…'), line.slice(0, LONGEST)).trim()
}

/** What a dead letter died of: its last failure; undefined when none is known. */
export function lastFailure({ attempts }: DeadLetter): Failure | undefined {
  return attempts.at(-1)?.failure
}

/** By type and message of the last failure; the most frequent first, letters the newest first. */
export function causesOf(letters: readonly DeadLetter[]): Cause[] {
  const causes = new Map<string, Cause>()
  for (const letter of letters) {
    const failure = lastFailure(letter)
    const type = failure?.type || failure?.kind || 'unknown'
    const pattern = patternOf(failure?.message ?? '')
    const key = JSON.stringify([type, pattern])
    const cause = causes.get(key) ?? { key, type, pattern, letters: [], newest: letter.buried }
    cause.letters.push(letter)
    if (letter.buried > cause.newest) cause.newest = letter.buried
    causes.set(key, cause)
  }
  for (const { letters: own } of causes.values()) own.sort((one, other) => other.id - one.id)
  return [...causes.values()].sort((one, other) => other.letters.length - one.letters.length)
}

/** A line of the list: a cause, or below it one of its letters. */
export type Line = { cause: Cause; letter: null } | { cause: Cause; letter: DeadLetter }

/** All lines in sight, where some causes are closed. */
export function linesOf(causes: readonly Cause[], closed: ReadonlySet<string>): Line[] {
  return causes.flatMap((cause) => [
    { cause, letter: null },
    ...(closed.has(cause.key) ? [] : cause.letters.map((letter) => ({ cause, letter }))),
  ])
}
