import type { ApiRouteConfig, Handlers } from 'motia'

const KEYS = 1000

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'CallsTs',
  method: 'POST',
  path: '/ts/calls',
  infrastructure: { handler: { timeout: 120 } },
}

/** Sets or gets values, so many at once; gives the milliseconds of each and of all together. */
export const handler: Handlers['CallsTs'] = async (req, { state }) => {
  const { call, times, atOnce, value } = req.body
  const run = call === 'get' ? (key: string) => state.get('bench', key) : (key: string) => state.set('bench', key, value)
  const took: number[] = []
  let next = 0
  const lane = async () => {
    while (next < times) {
      const key = `key-${next++ % KEYS}`
      const began = performance.now()
      await run(key)
      took.push(performance.now() - began)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: atOnce }, lane))
  return { status: 200, body: { took, all: performance.now() - began } }
}
