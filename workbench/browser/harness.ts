import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { chromium, type Browser, type Page } from 'playwright-core'

import type { Json } from '../src/api/types.ts'
import { CHECKOUT, startRuntime, type RunningRuntime } from './runtime.ts'
import { serveSources, type Sources } from './sources.ts'

const PLACE = '/__runtime/workbench/'
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
/** So long an action of the page may take. */
const PATIENCE = 15_000

interface Call {
  query?: Record<string, string>
  body?: Json
}

export interface Harness {
  page: Page
  /** The folder of the project, whose steps a test may change. */
  root: string
  /** Where the runtime answers. */
  url: string
  /** The token of this run. */
  readonly token: string
  /** What went wrong in the page: errors that nobody caught, and what its policy refused. */
  errors: readonly string[]
  /** Asks the control API, with the token; throws when it answers with no success. */
  api: <T>(method: string, path: string, call?: Call) => Promise<T>
  /** Sends a request to the project's own routes. */
  request: (method: string, path: string, body?: Json) => Promise<Response>
  /** Shows a place of the Workbench, such as `traces?status=failed`, as one who opens its link. */
  show: (place: string) => Promise<void>
  /** Another page, of a browser that has seen none of this. */
  fresh: () => Promise<Fresh>
  /** Ends the runtime; the page stays open. */
  stop: () => Promise<void>
  /** Starts it again at the same address; its token is another one. */
  start: () => Promise<void>
  close: () => Promise<void>
}

export interface Fresh {
  page: Page
  /** Goes to a place of the Workbench, and waits for nothing of it. */
  open: (place: string) => Promise<void>
  close: () => Promise<void>
}

interface Options {
  /** Files that the project has besides those of the example, by their names. */
  files?: Record<string, string>
  /** A database of traces that the project begins with; a copy of it is used. */
  traces?: string
  theme?: 'light' | 'dark'
  size?: { width: number; height: number }
}

/**
 * Runs a copy of the example and opens its Workbench in a browser of its own.
 *
 * The page is the one that the runtime serves, as `npm run build` has left it. With `WORKBENCH=sources` it comes from
 * the sources instead, without its policy.
 */
export async function open({ files = {}, traces, theme = 'light', size = { width: 1280, height: 800 } }: Options = {}): Promise<Harness> {
  const root = await project(files, traces)
  const ended: (() => Promise<unknown>)[] = [() => rm(root, { recursive: true, force: true, maxRetries: 5 })]
  const close = async (): Promise<void> => {
    for (const end of ended.splice(0)) await end()
  }
  try {
    const runtime = await Restarting.of(root)
    ended.unshift(() => runtime.stop())
    const sources = process.env['WORKBENCH'] === 'sources' ? await serveSources(root) : null
    if (sources !== null) ended.unshift(sources.stop)
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    ended.unshift(() => browser.close())
    return Object.assign(await opened(browser, runtime, sources, { theme, size }), { root, close })
  } catch (error) {
    await close()
    throw error
  }
}

/** A runtime that can be ended and started again at the same address. */
class Restarting {
  private readonly root: string
  private current: RunningRuntime

  private constructor(root: string, current: RunningRuntime) {
    this.root = root
    this.current = current
  }

  static async of(root: string): Promise<Restarting> {
    return new Restarting(root, await startRuntime(root))
  }

  get url(): string {
    return this.current.url
  }

  get token(): string {
    return this.current.token
  }

  stop(): Promise<void> {
    return this.current.stop()
  }

  async start(): Promise<void> {
    this.current = await startRuntime(this.root, Number(new URL(this.url).port))
  }
}

/** A copy of the example, with more files. */
async function project(files: Record<string, string>, traces?: string): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'workbench-'))
  for (const name of ['steps', 'package.json']) await cp(join(CHECKOUT, name), join(root, name), { recursive: true })
  await symlink(join(CHECKOUT, 'node_modules'), join(root, 'node_modules'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  if (traces !== undefined) {
    await mkdir(join(root, '.runtime'), { mode: 0o700 })
    await cp(traces, join(root, '.runtime', 'traces.db'))
  }
  return root
}

async function opened(
  browser: Browser,
  runtime: Restarting,
  sources: Sources | null,
  { theme, size }: Required<Pick<Options, 'theme' | 'size'>>,
): Promise<Omit<Harness, 'root' | 'close'>> {
  const context = await browser.newContext({ viewport: size, colorScheme: theme, permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (line) => {
    // Answers that are no success are the screens' to show; the browser tells of each of them here too.
    if (line.type() === 'error' && !line.text().startsWith('Failed to load resource')) errors.push(line.text())
  })
  const { url } = runtime
  return {
    page,
    url,
    get token() {
      return runtime.token
    },
    errors,
    stop: () => runtime.stop(),
    start: () => runtime.start(),
    api: (method, path, call) => control(url, runtime.token, method, path, call),
    request: (method, path, body) => fetch(`${url}${path}`, { method, ...written(body) }),
    show: async (place) => {
      await page.goto('about:blank')
      await page.goto(`${sources?.url ?? url}${PLACE}#/${place}`)
      await page.locator('main h2').first().waitFor()
    },
    fresh: async () => {
      const own = await browser.newContext({ viewport: size, colorScheme: theme })
      const other = await own.newPage()
      const open = async (place: string): Promise<void> => void (await other.goto(`${sources?.url ?? url}${PLACE}#/${place}`, { waitUntil: 'commit' }))
      return { page: other, open, close: () => own.close() }
    },
  }
}

async function control<T>(url: string, token: string, method: string, path: string, { query = {}, body }: Call = {}): Promise<T> {
  const { headers, ...rest } = written(body)
  const asked = new URLSearchParams(query).toString()
  const response = await fetch(`${url}/__runtime${path}?${asked}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...rest,
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

function written(body: Json | undefined): { headers?: Record<string, string>; body?: string } {
  return body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
