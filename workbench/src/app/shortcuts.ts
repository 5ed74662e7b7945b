/** What a key does: `g t` is one after the other, `mod+k` is Ctrl or Cmd. */
export interface Shortcut {
  keys: string
  title: string
  /** Where it is listed. */
  group: string
  run: () => void
}

/** So long the second key may take. */
const PAUSE = 1000
const NAMES: Record<string, string> = { Escape: 'esc', ArrowDown: 'down', ArrowUp: 'up', Enter: 'enter', ' ': 'space' }

export interface Pressed {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

/** The name of a pressed key, such as `mod+k`, `?` or `esc`. */
export function nameOf({ key, ctrlKey, metaKey, altKey }: Pressed): string {
  const name = NAMES[key] ?? (key.length === 1 && !ctrlKey && !metaKey ? key : key.toLowerCase())
  return `${ctrlKey || metaKey ? 'mod+' : ''}${altKey ? 'alt+' : ''}${name}`
}

/** Finds shortcuts in what is pressed, one key after the other. */
export class Sequence {
  private first = ''
  private at = Number.NEGATIVE_INFINITY

  /** The shortcut that this key completes; undefined when none, or when it may be the first of two. */
  press(key: string, now: number, shortcuts: readonly Shortcut[]): Shortcut | undefined {
    const pair = `${this.first} ${key}`
    const isSecond = this.first !== '' && now - this.at <= PAUSE
    this.first = ''
    const found = shortcuts.findLast(({ keys }) => keys === (isSecond ? pair : key))
    if (found !== undefined) return found
    if (shortcuts.some(({ keys }) => keys.startsWith(`${key} `))) {
      this.first = key
      this.at = now
    }
    return undefined
  }
}
