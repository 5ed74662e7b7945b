/** After the build: compressed files beside the plain ones, and how much the first screen weighs. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

import { filesOf, screensOf } from './firstScreen.mjs'

const DIST = new URL('../dist/', import.meta.url).pathname
const ENTRY = 'index.html'
const BUDGET = 500_000
const WORTH = 1024
const TEXT = /\.(js|css|svg|json)$/

for (const name of readdirSync(DIST, { recursive: true })) {
  const path = join(DIST, String(name))
  if (!TEXT.test(path) || !statSync(path).isFile() || statSync(path).size < WORTH) continue
  const plain = readFileSync(path)
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }))
  writeFileSync(`${path}.br`, brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
}

const manifest = JSON.parse(readFileSync(join(DIST, 'manifest.json'), 'utf8'))
const weigh = (files) => files.reduce((sum, file) => sum + gzipSync(readFileSync(join(DIST, file))).length, 0)
let isOver = false
for (const screen of screensOf(manifest)) {
  const bytes = weigh(filesOf(manifest, [ENTRY, screen]))
  isOver ||= bytes > BUDGET
  console.log(`${screen}: ${(bytes / 1000).toFixed(1)} kB gzipped as the first screen (at most ${BUDGET / 1000} kB)`)
}
for (const kind of ['', '.gz', '.br']) rmSync(join(DIST, `manifest.json${kind}`), { force: true })
if (isOver) {
  console.error('the first screen is too heavy: load what it does not need at once by import()')
  process.exit(1)
}
