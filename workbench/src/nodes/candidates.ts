const WORD = /[^\s"'`<>\\{}();,=]*[^\s"'`<>\\{}();,=:.]/g
const LIKELY = /^[a-z@!*[-][^A-Z]*(?:\[[^\]]*\][^A-Z]*)*$/
const LONGEST = 80
const MOST = 20_000

/** The words of a text that may be names of classes, each once; what is none the compiler passes over. */
export function candidatesOf(text: string): string[] {
  const found = new Set<string>()
  for (const [word] of text.matchAll(WORD)) {
    if (word.length <= LONGEST && LIKELY.test(word)) found.add(word)
    if (found.size >= MOST) break
  }
  return [...found]
}
