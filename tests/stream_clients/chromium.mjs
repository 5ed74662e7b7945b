// A client in headless Chromium: node chromium.mjs PROGRAM browser|react ADDRESS [PROTOCOL ...]

import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

import { chromium } from 'playwright-core'

import { build } from '../../runners/node/node_modules/esbuild/lib/main.js'
import { serve, tell } from './commands.mjs'

const [program, client, address, ...protocols] = process.argv.slice(2)
const HTML = '<!doctype html><title>clients</title><div id="root"></div><script type="module" src="/page.js"></script>'

/** The page's script with the published packages in it, as a bundler of an application would make it. */
async function bundle() {
  const entry = fileURLToPath(new URL(`${client}.mjs`, import.meta.url))
  const options = { bundle: true, format: 'esm', write: false, define: { 'process.env.NODE_ENV': '"development"' } }
  const { outputFiles } = await build({ entryPoints: [entry], ...options })
  return outputFiles[0].text
}

/** Serves the page from an origin of its own, as a development server of a front end would. */
function listen(script) {
  const pages = { '/': ['text/html', HTML], '/page.js': ['text/javascript', script] }
  const server = createServer((request, response) => {
    const [type, body] = pages[request.url] ?? ['text/plain', '']
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body)
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)))
}

const port = await listen(await bundle())
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] })
try {
  const page = await browser.newPage()
  page.on('console', (message) => console.error(message.text()))
  page.on('pageerror', (error) => console.error(error))
  await page.exposeFunction('tell', tell)
  await page.addInitScript((given) => Object.assign(window, given), { address, protocols })
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.waitForFunction(() => 'run' in window)
  await serve((command) => page.evaluate((each) => window.run(each), command))
} finally {
  await browser.close()
}
process.exit(0)
