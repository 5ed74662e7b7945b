import type { Stream } from '../../api/types.ts'
import { exampleOf } from '../../schema/example.ts'
import { dataOf } from './items.ts'

const TOKEN = `$(sed -E 's/.*"token": "([^"]+)".*/\\1/' .runtime/control.json)`

/** A line for the terminal that sets a first item, in the folder of the project. */
export function itemCommand(address: string, { name, schema }: Stream): string {
  const query = new URLSearchParams({ stream: name, group: 'a-group', id: 'an-id' }).toString()
  const body = JSON.stringify({ value: dataOf(exampleOf(schema)) }).replaceAll("'", `'\\''`)
  return `curl -X PUT '${address}/__runtime/item?${query}' \\\n  -H "authorization: Bearer ${TOKEN}" \\\n  -d '${body}'`
}
