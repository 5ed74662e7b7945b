import type { Json, Span } from '../../../api/types.ts'

/** A request as it is edited: members as texts of JSON, the body as the text that is sent. */
export interface RequestDraft {
  method: string
  path: string
  query: string
  headers: string
  body: string
  /** The body is not text: what is edited is its `$bytes` form. */
  hasBytes: boolean
}

type Members = { [member: string]: Json }

/** Made by the runtime for each request, or of the connection that is gone. */
const NOT_EDITED = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'traceparent'])

/** What of the request can be edited, as it was. */
export function draftOf(input: Json): RequestDraft {
  const { method, path, query, headers, body } = isMembers(input) ? input : {}
  const kept = Object.entries(isMembers(headers) ? headers : {}).filter(([name]) => !NOT_EDITED.has(name.toLowerCase()))
  return {
    method: typeof method === 'string' ? method : 'GET',
    path: typeof path === 'string' ? path : '/',
    query: written(query ?? {}),
    headers: written(Object.fromEntries(kept)),
    body: bodyText(body),
    hasBytes: isMembers(body),
  }
}

/** The input that a draft stands for. Throws with the reason when it is none. */
export function inputOf({ method, path, query, headers, body, hasBytes }: RequestDraft): Members {
  if (!path.startsWith('/')) throw new Error('The path has to begin with /.')
  return {
    method: method.trim().toUpperCase(),
    path,
    query: membersOf('query', query),
    headers: membersOf('headers', headers),
    body: body === '' ? null : hasBytes ? parsed('body', body) : body,
  }
}

/** The text of any other input, to be edited. */
export function textOf({ input, inputIsCut }: Pick<Span, 'input' | 'inputIsCut'>): string {
  return inputIsCut ? '' : written(input)
}

/** The value of an edited text. Throws with the reason when it is no JSON. */
export function parsed(name: string, text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    throw new Error(`The ${name} is no JSON: ${(error as Error).message}`, { cause: error })
  }
}

function membersOf(name: string, text: string): Members {
  const value = text.trim() === '' ? {} : parsed(name, text)
  if (!isMembers(value)) throw new Error(`The ${name} must be an object.`)
  return value
}

/** A body that is JSON, laid out to be read; any other as it is. */
function bodyText(body: Json | undefined): string {
  if (body === undefined || body === null) return ''
  if (typeof body !== 'string') return written(body)
  try {
    return written(JSON.parse(body) as Json)
  } catch {
    return body
  }
}

function written(value: Json): string {
  return JSON.stringify(value, null, 2)
}

function isMembers(value: Json | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
