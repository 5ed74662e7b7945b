const AROUND = 3

/** The lines around one, from 1, and the number of the first of them. */
export function excerptOf(text: string, line: number): { text: string; firstLine: number } {
  const lines = text.split(/\r\n|\r|\n/)
  const firstLine = Math.max(1, Math.min(line, lines.length) - AROUND)
  return { text: lines.slice(firstLine - 1, line + AROUND).join('\n'), firstLine }
}
