import { exampleOf } from '../../schema/example.ts'
import type { Endpoint } from './endpoints.ts'
import { pathParameters, queryParameters } from './parameters.ts'

/** A name with a value; those that are off stay where they are and are not sent. */
export interface Pair {
  name: string
  value: string
  isOn: boolean
}

export type BodyKind = 'json' | 'text' | 'form' | 'none'

/** A request as a person writes it. */
export interface Draft {
  path: Record<string, string>
  query: Pair[]
  headers: Pair[]
  bodyKind: BodyKind
  body: string
}

/** Who sends it. It is kept apart, so that a history never holds a secret. */
export type Auth =
  | { kind: 'none' }
  | { kind: 'bearer'; token: string }
  | { kind: 'basic'; user: string; password: string }
  | { kind: 'header'; name: string; value: string }

export const NO_AUTH: Auth = { kind: 'none' }

const WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS'])
const TYPES: Record<BodyKind, string> = {
  json: 'application/json',
  text: 'text/plain;charset=utf-8',
  form: 'application/x-www-form-urlencoded',
  none: '',
}

/** What is filled in before a person has written anything. */
export function firstDraft({ method, trigger }: Endpoint): Draft {
  const query = queryParameters(trigger).map(({ name, isRequired, choices }) => {
    return { name, value: isRequired ? (choices[0] ?? '') : '', isOn: isRequired }
  })
  const hasBody = takesBody(method) && (trigger.bodySchema !== null || method !== 'DELETE')
  return {
    path: {},
    query,
    headers: [],
    bodyKind: hasBody ? 'json' : 'none',
    body: hasBody ? JSON.stringify(exampleOf(trigger.bodySchema), null, 2) : '',
  }
}

/** Browsers send no body with the others. */
export function takesBody(method: string): boolean {
  return !WITHOUT_BODY.has(method)
}

const PART = /:(\w+)(\*?)|\*/g

/** The path with its parameters, and the query; a parameter that is not filled in stays as the step has it. */
export function addressOf({ path }: Endpoint, draft: Draft): string {
  const filled = path.replaceAll(PART, (whole: string, name: string = '*') => {
    const value = draft.path[name] ?? ''
    if (whole.endsWith('*')) return value.split('/').map(encodeURIComponent).join('/')
    return value === '' ? whole : encodeURIComponent(value)
  })
  const query = new URLSearchParams(draft.query.filter(counts).map(({ name, value }): [string, string] => [name, value]))
  return query.size === 0 ? filled : `${filled}?${query.toString()}`
}

/** What hinders the request from being sent, in words; empty when nothing does. */
export function hindrance({ trigger }: Endpoint, draft: Draft, auth: Auth): string {
  const { path, bodyKind, body } = draft
  const empty = pathParameters(trigger).filter(({ name, isRequired }) => isRequired && (path[name] ?? '') === '')
  if (empty.length > 0) return `Fill in ${empty.map(({ name }) => name).join(', ')} first`
  const headers = headersOf(draft, auth)
  const misnamed = headers.find(([name]) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name))
  if (misnamed !== undefined) return `“${misnamed[0]}” is no name of a header`
  // Code points above 255 cannot be sent in a header.
  const unfit = headers.find(([, value]) => /[^\t\x20-\xff]/.test(value))
  if (unfit !== undefined) return `The value of ${unfit[0]} has a character that no header may have`
  if (bodyKind !== 'json' || body.trim() === '') return ''
  try {
    JSON.parse(body)
    return ''
  } catch (error) {
    return `The body is no JSON: ${(error as Error).message}`
  }
}

/** Header lines of the request; what a person has written counts, the rest is added. */
export function headersOf({ headers, bodyKind, body }: Draft, auth: Auth): [string, string][] {
  const written = headers.filter(counts).map(({ name, value }): [string, string] => [name, value])
  const has = (name: string): boolean => written.some(([each]) => each.toLowerCase() === name.toLowerCase())
  const added = [...typeOf(bodyKind, body), ...authHeaders(auth)].filter(([name]) => !has(name))
  return [...written, ...added]
}

function typeOf(kind: BodyKind, body: string): [string, string][] {
  return kind === 'none' || body === '' ? [] : [['content-type', TYPES[kind]]]
}

function authHeaders(auth: Auth): [string, string][] {
  switch (auth.kind) {
    case 'none':
      return []
    case 'bearer':
      return auth.token === '' ? [] : [['authorization', `Bearer ${auth.token}`]]
    case 'basic':
      return [['authorization', `Basic ${base64(`${auth.user}:${auth.password}`)}`]]
    case 'header':
      return auth.name === '' ? [] : [[auth.name, auth.value]]
  }
}

function base64(text: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)))
}

export function bodyOf({ bodyKind, body }: Draft): string | undefined {
  return bodyKind === 'none' || body === '' ? undefined : body
}

/** The request as a line for the terminal. */
export function curlOf(base: string, endpoint: Endpoint, draft: Draft, auth: Auth): string {
  const parts = [`curl -X ${endpoint.method} ${quoted(`${base}${addressOf(endpoint, draft)}`)}`]
  if (endpoint.method === 'HEAD') parts[0] = `curl -I ${quoted(`${base}${addressOf(endpoint, draft)}`)}`
  for (const [name, value] of headersOf(draft, auth)) parts.push(`-H ${quoted(`${name}: ${value}`)}`)
  const body = bodyOf(draft)
  if (body !== undefined) parts.push(`--data-raw ${quoted(shortened(draft.bodyKind, body))}`)
  return parts.join(' \\\n  ')
}

function shortened(kind: BodyKind, body: string): string {
  if (kind !== 'json') return body
  try {
    return JSON.stringify(JSON.parse(body))
  } catch {
    return body
  }
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function counts({ name, isOn }: Pair): boolean {
  return isOn && name.trim() !== ''
}
