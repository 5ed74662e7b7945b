/** A life in seconds as a person writes it: `90`, `15m`, `2h`, `1d`; undefined for none, null when it is wrong. */
export function ttlOf(text: string): number | undefined | null {
  if (text.trim() === '') return undefined
  const [, number, unit = 's'] = /^\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*$/.exec(text) ?? []
  const seconds = Number(number) * { s: 1, m: 60, h: 3600, d: 86_400 }[(unit || 's') as 's' | 'm' | 'h' | 'd']
  return seconds > 0 ? seconds : null
}
