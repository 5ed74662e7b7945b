import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createServer } from 'vite'

export interface Sources {
  url: string
  stop: () => Promise<void>
}

/** Serves the page from its sources, with a runtime's answers: for work on the screens, where nobody wants to build. */
export async function serveSources(root: string): Promise<Sources> {
  // The configuration reads it to find the runtime.
  process.env['RUNTIME_PROJECT'] = root
  const cacheDir = await mkdtemp(join(tmpdir(), 'workbench-vite-'))
  const folder = join(import.meta.dirname, '..')
  const options = { root: folder, configFile: join(folder, 'vite.config.ts'), cacheDir, logLevel: 'error' as const }
  const server = await createServer({ ...options, server: { port: 0, host: '127.0.0.1', hmr: false, watch: null } })
  await server.listen()
  const address = server.httpServer?.address()
  if (typeof address !== 'object' || address === null) throw new Error('the sources are not served')
  const stop = async (): Promise<void> => {
    await server.close()
    await rm(cacheDir, { recursive: true, force: true })
  }
  return { url: `http://127.0.0.1:${address.port}`, stop }
}
