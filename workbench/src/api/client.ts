import { ApiError, errorOf } from './error.ts'
import { currentToken } from './token.ts'
import type { Json } from './types.ts'

const PREFIX = '/__runtime'

export type Query = Record<string, string | number | boolean | null | undefined>

interface Options {
  query?: Query | undefined
  body?: Json | undefined
  signal?: AbortSignal | undefined
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** `/traces` with `{limit: 5}` as `/__runtime/traces?limit=5`; members without a value are left out. */
export function addressOf(path: string, query: Query = {}): string {
  const asked = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) asked.set(name, String(value))
  }
  const text = asked.toString()
  return `${PREFIX}${path}${text === '' ? '' : `?${text}`}`
}

/** Calls a control route below `/__runtime`; throws `ApiError`, or the reason of the signal. */
export async function request(method: Method, path: string, { query, body, signal }: Options = {}): Promise<Response> {
  const headers = new Headers({ authorization: `Bearer ${currentToken()}` })
  if (body !== undefined) headers.set('content-type', 'application/json')
  const init: RequestInit = { method, headers, cache: 'no-store' }
  if (body !== undefined) init.body = JSON.stringify(body)
  if (signal !== undefined) init.signal = signal
  const response = await fetch(addressOf(path, query), init).catch((cause: unknown) => {
    if (signal?.aborted) throw cause
    throw new ApiError('the runtime does not answer', 0)
  })
  if (!response.ok) throw await errorOf(response)
  return response
}

async function json<T>(method: Method, path: string, options?: Options): Promise<T> {
  const response = await request(method, path, options)
  return (await response.json()) as T
}

/** The control API; each call throws `ApiError`. */
export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> => json<T>('GET', path, { query, signal }),
  post: <T>(path: string, query?: Query, body: Json = {}): Promise<T> => json<T>('POST', path, { query, body }),
  put: <T>(path: string, query?: Query, body: Json = {}): Promise<T> => json<T>('PUT', path, { query, body }),
  delete: <T>(path: string, query?: Query): Promise<T> => json<T>('DELETE', path, { query }),
  /** Text of a route that answers with no JSON. */
  text: async (path: string, query?: Query, signal?: AbortSignal): Promise<string> =>
    (await request('GET', path, { query, signal })).text(),
}
