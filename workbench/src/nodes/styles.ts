import { compile } from 'tailwindcss'
import theme from 'tailwindcss/theme.css?raw'

import { candidatesOf } from './candidates.ts'
import { SOURCE } from './stylesheet.ts'

let ready: ReturnType<typeof start> | undefined

async function start() {
  const compiler = await compile(SOURCE, { loadStylesheet: async () => ({ path: '', base: '', content: theme }) })
  const sheet = new CSSStyleSheet()
  document.adoptedStyleSheets.push(sheet)
  return { compiler, sheet }
}

/** Makes the styles of all classes that occur in the text of a module. The page's policy lets sheets made by scripts in. */
export async function styleClassesOf(text: string): Promise<void> {
  ready ??= start()
  const { compiler, sheet } = await ready
  sheet.replaceSync(compiler.build(candidatesOf(text)))
}
