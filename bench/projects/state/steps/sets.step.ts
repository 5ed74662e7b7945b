import type { ApiRouteConfig, Handlers } from 'motia'

const KEYS = 1000

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'SetsTs',
  method: 'POST',
  path: '/ts/sets',
  infrastructure: { handler: { timeout: 120 } },
}

/** Sets values, so many at once; gives the milliseconds of each and of all together. */
export const handler: Handlers['SetsTs'] = async (req, { state }) => {
  const { times, atOnce, value } = req.body
  const took: number[] = []
  let next = 0
  const lane = async () => {
    while (next < times) {
      const key = `key-${next++ % KEYS}`
      const began = performance.now()
      await state.set('bench', key, value)
      took.push(performance.now() - began)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: atOnce }, lane))
  return { status: 200, body: { took, all: performance.now() - began } }
}
