import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import type { Plugin, ProxyOptions, UserConfig } from 'vite'

const REACT = /\/node_modules\/(?:react|react-dom|scheduler)\//
const SHARED = /\/workbench\/src\/(?:(?:api|app|format|theme)\/|components\/(?:json\/)?[^/]+\.tsx?$|screens\/registry\.ts)|\/node_modules\/(?:lucide-react|@tanstack\/[a-z-]+)\//
const PLACE = '/__runtime/workbench/'

interface Announcement {
  url: string
  token: string | null
}

/** What the runtime of the project in RUNTIME_PROJECT says of itself; undefined when none runs there. */
function announced(): Announcement | undefined {
  const project = process.env['RUNTIME_PROJECT'] ?? '..'
  try {
    return JSON.parse(readFileSync(join(project, '.runtime', 'control.json'), 'utf8')) as Announcement
  } catch {
    return undefined
  }
}

/** Does in development what the core does with the built page: puts the token into it. */
function token(): Plugin {
  return {
    name: 'runtime-token',
    apply: 'serve',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { name: 'runtime-token', content: announced()?.token ?? '' }, injectTo: 'head' },
    ],
  }
}

/** Everything but the page itself is the runtime's; it answers only to its own name and origin. */
function proxied(): Record<string, ProxyOptions> {
  const target = announced()?.url ?? 'http://127.0.0.1:3000'
  return { [`^/(?!${PLACE.slice(1)})`]: { target, changeOrigin: true, ws: true, headers: { origin: target } } }
}

const config: (env: { command: 'build' | 'serve' }) => UserConfig = ({ command }) => ({
  base: command === 'build' ? './' : PLACE,
  plugins: [react(), tailwind(), token()],
  server: { proxy: proxied(), strictPort: true },
  build: {
    target: ['chrome123', 'firefox128', 'safari17.5'],
    manifest: 'manifest.json',
    // Inlined as data: URLs they would need a wider policy for what the page may load.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    // What every screen shares comes with the page in two files, where each screen would ask for a dozen small ones.
    rolldownOptions: {
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: 'react', test: REACT },
            { name: 'shared', test: SHARED },
          ],
        },
      },
    },
  },
})

export default config
