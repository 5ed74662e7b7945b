// A page of a project in headless Chromium: node page.mjs PROGRAM URL

import { chromium } from 'playwright-core'

import { serve, tell } from './commands.mjs'

const [program, url] = process.argv.slice(2)

const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] })
try {
  const page = await browser.newPage()
  page.on('request', (request) => tell({ requested: request.url() }))
  page.on('console', (message) => tell({ printed: message.text() }))
  page.on('pageerror', (error) => tell({ printed: String(error) }))
  await page.goto(url)
  const commands = {
    press: ({ name }) => page.getByRole('button', { name }).click(),
    wait: ({ place, text }) => page.locator(place).filter({ hasText: text }).first().waitFor(),
    read: ({ place }) => page.locator(place).allInnerTexts(),
  }
  await serve((command) => commands[command.do](command))
} finally {
  await browser.close()
}
process.exit(0)
