import { readFileSync } from 'node:fs'

import { compile } from 'tailwindcss'
import { expect, test } from 'vitest'

import { SCOPE, SOURCE } from './stylesheet.ts'

async function styles(...classes: string[]): Promise<string> {
  const theme = readFileSync(new URL('../../node_modules/tailwindcss/theme.css', import.meta.url), 'utf8')
  return (await compile(SOURCE, { loadStylesheet: async () => ({ path: '', base: '', content: theme }) })).build(classes)
}

test('classes mean what Tailwind says, only within custom nodes', async () => {
  const css = await styles('bg-white', 'min-w-[200px]', 'text-sm', 'nothing-known')
  expect(css).not.toMatch(/^\s*\.(?!custom-node )/m)
  expect(css).toContain(`.${SCOPE} .bg-white {\n    background-color: #fff`)
  expect(css).toContain('min-width: 200px')
  expect(css).not.toContain('nothing-known')
})

test('no variable of the page is touched', async () => {
  expect(await styles('text-sm', 'rounded-lg', 'bg-blue-500', 'p-4')).not.toMatch(/:root|--text-sm:|--radius-lg:/)
})

test('dark: follows the theme of the page', async () => {
  expect(await styles('dark:bg-black')).toContain(`.${SCOPE}.is-dark *`)
})
