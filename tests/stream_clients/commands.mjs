// A process that does what a test says: a line of JSON in is a command, lines of JSON out are what happens.

import { createInterface } from 'node:readline'

/** Writes a line for the test. */
export function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** Carries out the commands one after the other, each ended by a line with its number, until there are no more. */
export async function serve(run) {
  tell({ ready: true })
  for await (const line of createInterface({ input: process.stdin })) {
    const { number, ...command } = JSON.parse(line)
    try {
      tell({ done: number, result: (await run(command)) ?? null })
    } catch (error) {
      tell({ done: number, failed: String(error?.stack ?? error) })
    }
  }
}
