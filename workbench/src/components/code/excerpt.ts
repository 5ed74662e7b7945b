/** A line of a text, from 1, with so many before and behind it; and the number of the first of them. */
export function excerptOf(text: string, line: number, around: number): { text: string; firstLine: number } {
  const lines = text.split(/\r\n|\r|\n/)
  const firstLine = Math.max(1, Math.min(line, lines.length) - around)
  return { text: lines.slice(firstLine - 1, line + around).join('\n'), firstLine }
}
