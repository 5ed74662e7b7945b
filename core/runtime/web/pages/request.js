// From an operation of the document to a request: no DOM, so that tests can run it anywhere.
'use strict'

const MAX_SAMPLE_DEPTH = 6
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options']
const SAMPLES = {
  'date-time': '2025-01-31T12:00:00Z',
  date: '2025-01-31',
  time: '12:00:00Z',
  duration: 'PT1H',
  email: 'someone@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  uuid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
}

/** What a local reference stands for; the value itself where it is none. */
function resolve(document, value) {
  let found = value
  for (let hops = 0; found && typeof found.$ref === 'string' && hops < 32; hops++) {
    found = found.$ref
      .split('/')
      .slice(1)
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce((at, part) => at?.[part], document)
  }
  return found
}

/** All operations of the document, in its order. */
function operationsOf(document) {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ method: method.toUpperCase(), path, ...item[method] })),
  )
}

/** A value that a schema might take: its example, or the plainest one. */
function sample(document, schema, depth = 0) {
  const found = resolve(document, schema)
  if (found === null || typeof found !== 'object' || depth > MAX_SAMPLE_DEPTH) return null
  for (const known of [found.example, found.examples?.[0], found.default, found.const, found.enum?.[0]]) {
    if (known !== undefined) return known
  }
  if (found.allOf) return sampleOfAll(document, found, depth)
  const choice = (found.anyOf ?? found.oneOf)?.find((each) => resolve(document, each)?.type !== 'null')
  if (choice !== undefined) return sample(document, choice, depth + 1)
  const type = Array.isArray(found.type) ? found.type.find((each) => each !== 'null') : found.type
  if (type === 'object' || found.properties) return sampleObject(document, found, depth)
  if (type === 'array' || found.prefixItems) return sampleArray(document, found, depth)
  if (type === 'string') return sampleText(found)
  if (type === 'integer' || type === 'number') return sampleNumber(found, type)
  return type === 'boolean' ? true : null
}

function sampleOfAll(document, schema, depth) {
  const { allOf, ...rest } = schema
  const samples = [...allOf, rest].map((part) => sample(document, part, depth + 1)).filter((value) => value !== null)
  const areObjects = samples.every((value) => typeof value === 'object' && !Array.isArray(value))
  return areObjects ? Object.assign({}, ...samples) : (samples[0] ?? null)
}

function sampleObject(document, schema, depth) {
  const entries = Object.entries(schema.properties ?? {})
  const isShown = (name) => depth < MAX_SAMPLE_DEPTH - 2 || schema.required?.includes(name)
  return Object.fromEntries(
    entries.filter(([name]) => isShown(name)).map(([name, part]) => [name, sample(document, part, depth + 1)]),
  )
}

function sampleArray(document, schema, depth) {
  if (schema.prefixItems) return schema.prefixItems.map((part) => sample(document, part, depth + 1))
  if (depth >= MAX_SAMPLE_DEPTH - 2 && !schema.minItems) return []
  return schema.items ? [sample(document, schema.items, depth + 1)] : []
}

function sampleText(schema) {
  const text = SAMPLES[schema.format] ?? 'text'
  const long = text.padEnd(schema.minLength ?? 0, 'x')
  return schema.maxLength === undefined ? long : long.slice(0, schema.maxLength)
}

function sampleNumber(schema, type) {
  const step = type === 'integer' ? 1 : 0.5
  const low = schema.minimum ?? (schema.exclusiveMinimum === undefined ? undefined : schema.exclusiveMinimum + step)
  const high = schema.maximum ?? (schema.exclusiveMaximum === undefined ? undefined : schema.exclusiveMaximum - step)
  return low ?? Math.min(1, high ?? 1)
}

/** The path with its query. `texts` are what was typed, by "path.name" and "query.name"; empty query texts are left out. */
function address(document, operation, texts) {
  let path = operation.path
  const query = []
  for (const parameter of operation.parameters ?? []) {
    const text = texts[`${parameter.in}.${parameter.name}`] ?? ''
    if (parameter.in === 'path') path = path.replaceAll(`{${parameter.name}}`, encodeURIComponent(text))
    else if (text !== '') query.push(...queryPairs(document, parameter, text))
  }
  const encoded = query.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
  return encoded ? `${path}?${encoded}` : path
}

function queryPairs(document, parameter, text) {
  if (parameter.style === 'deepObject') return deepPairs(parameter.name, JSON.parse(text))
  if (isList(document, parameter)) return lines(text).map((line) => [parameter.name, line])
  return [[parameter.name, text]]
}

/** Whether a parameter is typed as one value a line. */
function isList(document, parameter) {
  return parameter.style === 'form' || resolve(document, parameter.schema)?.type === 'array'
}

function deepPairs(name, value) {
  if (value === null || typeof value !== 'object') return [[name, String(value)]]
  return Object.entries(value).flatMap(([key, part]) => deepPairs(`${name}[${Array.isArray(value) ? '' : key}]`, part))
}

/** Headers from lines of the form "name: value". Throws an Error that names the line which is none. */
function headersOf(text) {
  return lines(text).map((line) => {
    const colon = line.indexOf(':')
    if (colon < 1) throw new Error(`"${line}" is no header; write it as "name: value"`)
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  })
}

function lines(text) {
  return text.split('\n').filter((line) => line.trim() !== '')
}

/** The same request as a command for a shell. */
function curl(origin, request) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`
  const parts = ['curl', '-i', '-X', request.method, quoted(origin + request.url)]
  for (const [name, value] of request.headers) parts.push('-H', quoted(`${name}: ${value}`))
  if (request.body !== undefined) parts.push('--data-binary', quoted(request.body))
  return parts.join(' ')
}
