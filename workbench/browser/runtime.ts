import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The repository that these tests are of. */
export const CHECKOUT = join(import.meta.dirname, '..', '..')

const COMMAND = process.env['RUNTIME_COMMAND'] ?? join(CHECKOUT, '.venv', 'bin', 'runtime')
const READY = /Ready at (https?:\/\/[^\s"]+)/
const STARTUP = 60_000
/** Of what it has printed, so much is kept to explain why it did not start. */
const KEPT = 20_000

export interface RunningRuntime {
  url: string
  token: string
  stop: () => Promise<void>
}

/** Starts `runtime dev` in a project, on a free port unless one is named. Throws with what it has printed when it does not get ready. */
export async function startRuntime(root: string, port = 0): Promise<RunningRuntime> {
  const [program = '', ...before] = COMMAND.split(' ')
  const runtime = spawn(program, [...before, 'dev', '--port', String(port), '--no-install'], {
    cwd: root,
    env: { ...process.env, LOG_FORMAT: 'json', PYTHONUNBUFFERED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = async (): Promise<void> => {
    if (runtime.exitCode !== null || runtime.signalCode !== null) return
    const exit = once(runtime, 'exit')
    runtime.kill('SIGTERM')
    await exit
  }
  try {
    const url = await ready(runtime)
    const announced = JSON.parse(await readFile(join(root, '.runtime', 'control.json'), 'utf8')) as { token: string }
    return { url, token: announced.token, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function ready(runtime: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const fail = (why: string): void => reject(new Error(`the runtime ${why}:\n${printed}`))
    const timer = setTimeout(() => fail('did not get ready in time'), STARTUP)
    const read = (piece: Buffer): void => {
      printed = (printed + piece.toString()).slice(-KEPT)
      const url = READY.exec(printed)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    }
    runtime.stdout?.on('data', read)
    runtime.stderr?.on('data', read)
    runtime.once('error', (error) => fail(error.message))
    runtime.once('exit', (code) => fail(`has ended with ${code}`))
  })
}
