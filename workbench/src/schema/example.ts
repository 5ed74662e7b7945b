import type { Json, JsonSchema } from '../api/types.ts'

/** Schemas that refer to themselves end here. */
const DEEPEST = 8
const MOST_ITEMS = 3

const FORMATS: Record<string, string> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  email: 'ada@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  time: '12:00:00Z',
  uri: 'https://example.com',
  url: 'https://example.com',
  uuid: '0b9a4f7e-6f3c-4c0e-9b52-0d6f1f6e7a10',
}

type Members = { [member: string]: Json }

/** A value that fits the schema as far as its plain rules say: what a person then changes. */
export function exampleOf(schema: JsonSchema | null): Json {
  return schema === null ? {} : valueOf(schema, isObject(schema) ? schema : {}, 0)
}

function valueOf(schema: Json | undefined, root: Members, depth: number): Json {
  if (!isObject(schema) || depth > DEEPEST) return null
  const given = givenBy(schema)
  if (given !== undefined) return given
  if (typeof schema['$ref'] === 'string') return valueOf(referred(schema['$ref'], root), root, depth + 1)
  const [choice] = listOf(schema['oneOf'] ?? schema['anyOf']).filter((each) => !isNull(each))
  if (choice !== undefined) return joined(schema, [choice], root, depth)
  const parts = listOf(schema['allOf'])
  if (parts.length > 0) return joined(schema, parts, root, depth)
  return ofType(schema, root, depth)
}

/** What the schema itself names as its value. */
function givenBy(schema: Members): Json | undefined {
  if (schema['const'] !== undefined) return schema['const']
  if (schema['default'] !== undefined) return schema['default']
  const [example] = listOf(schema['examples'])
  return example ?? schema['example'] ?? listOf(schema['enum'])[0]
}

/** The members of all parts together, where they are objects; else the value of the first. */
function joined(schema: Members, parts: Json[], root: Members, depth: number): Json {
  const values = parts.map((part) => valueOf(part, root, depth + 1))
  const own = schema['properties'] === undefined ? {} : ofType(schema, root, depth)
  return values.every(isObject) && isObject(own) ? Object.assign({}, own, ...values) : (values[0] ?? null)
}

function ofType(schema: Members, root: Members, depth: number): Json {
  switch (typeOf(schema)) {
    case 'object':
      return ofObject(schema, root, depth)
    case 'array':
      return ofArray(schema, root, depth)
    case 'string':
      return ofString(schema)
    case 'integer':
    case 'number':
      return ofNumber(schema)
    case 'boolean':
      return false
    default:
      return null
  }
}

function typeOf(schema: Members): string {
  const types = listOf(schema['type'] ?? []).filter((type) => type !== 'null')
  if (typeof types[0] === 'string') return types[0]
  if (schema['properties'] !== undefined) return 'object'
  if (schema['items'] !== undefined) return 'array'
  return 'null'
}

function ofObject(schema: Members, root: Members, depth: number): Json {
  const properties = isObject(schema['properties']) ? Object.entries(schema['properties']) : []
  const required = new Set(listOf(schema['required']))
  // Deep down only what must be there: a tree whose nodes have children would be written out else.
  const wanted = depth < 3 ? properties : properties.filter(([name]) => required.has(name))
  return Object.fromEntries(wanted.map(([name, of]) => [name, valueOf(of, root, depth + 1)]))
}

function ofArray(schema: Members, root: Members, depth: number): Json {
  const first = listOf(schema['prefixItems'])
  if (first.length > 0) return first.map((of) => valueOf(of, root, depth + 1))
  if (schema['items'] === undefined || depth >= 3) return []
  const least = typeof schema['minItems'] === 'number' ? schema['minItems'] : 1
  const count = Math.max(0, Math.min(least || 1, MOST_ITEMS))
  return Array.from({ length: count }, () => valueOf(schema['items'], root, depth + 1))
}

function ofString(schema: Members): string {
  const known = typeof schema['format'] === 'string' ? FORMATS[schema['format']] : undefined
  const text = known ?? 'text'
  const least = typeof schema['minLength'] === 'number' ? schema['minLength'] : 0
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : Number.POSITIVE_INFINITY
  return text.padEnd(Math.min(least, 200), 'x').slice(0, most)
}

function ofNumber(schema: Members): number {
  const step = numberAt(schema, 'multipleOf') ?? (typeOf(schema) === 'integer' ? 1 : 0.5)
  const [least, above] = [numberAt(schema, 'minimum'), numberAt(schema, 'exclusiveMinimum')]
  const [most, below] = [numberAt(schema, 'maximum'), numberAt(schema, 'exclusiveMaximum')]
  if (least !== undefined) return Math.ceil(least / step) * step
  if (above !== undefined) return (Math.floor(above / step) + 1) * step
  if (most !== undefined && most < 1) return Math.floor(most / step) * step
  if (below !== undefined && below <= 1) return (Math.ceil(below / step) - 1) * step
  return numberAt(schema, 'multipleOf') ?? 1
}

function numberAt(schema: Members, name: string): number | undefined {
  const value = schema[name]
  return typeof value === 'number' ? value : undefined
}

/** The schema at a pointer of the document, such as `#/$defs/Item`; undefined when there is none. */
function referred(reference: string, root: Members): Json | undefined {
  if (!reference.startsWith('#')) return undefined
  const names = reference.slice(1).split('/').filter(Boolean)
  return names.reduce<Json | undefined>((at, name) => {
    const plain = decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~')
    return isObject(at) ? at[plain] : Array.isArray(at) ? at[Number(plain)] : undefined
  }, root)
}

function listOf(value: Json | undefined): Json[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function isObject(value: Json | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNull(schema: Json): boolean {
  return isObject(schema) && schema['type'] === 'null'
}
