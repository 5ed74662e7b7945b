import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** What the page imports: each package is a dependency of the one before it, the first one of this project. */
const NAMES = ['@motiadev/stream-client-browser', '@motiadev/stream-client', 'uuid']

/** The folders of the packages by name. Throws when one is not installed. */
export function findPackages(): Map<string, string> {
  const folders = new Map<string, string>()
  let importer = __filename
  for (const name of NAMES) {
    importer = createRequire(importer).resolve(`${name}/package.json`)
    folders.set(name, dirname(importer))
  }
  return folders
}

/** The path of a script of the packages, undefined for everything else that lies in their folders or beside them. */
export function findScript(wanted: string): string | undefined {
  const [, name = '', script = ''] = /^(.+)\/dist\/([\w-]+\.js)$/.exec(wanted) ?? []
  const folder = findPackages().get(name)
  const file = folder && join(folder, 'dist', script)
  return file && existsSync(file) ? file : undefined
}
