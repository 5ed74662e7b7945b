const ENDINGS: Record<string, string> = {
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
}

/** The language a file is written in, where its runner serves more than one. */
export function languageOf(file: string, runner: string): string {
  return ENDINGS[file.slice(file.lastIndexOf('.') + 1)] ?? runner
}
