import type { ApiTrigger, Json, JsonSchema } from '../../api/types.ts'

/** A part of the path or the query, as far as the step tells of it. */
export interface Parameter {
  name: string
  description: string
  isRequired: boolean
  /** What it may be, for the field's placeholder; empty when nothing is told. */
  type: string
  /** The values that it may have; empty when any. */
  choices: string[]
}

const PART = /:(\w+)(\*?)|\*/g

/** Parameters of the path, in its order; that of a bare `*` has that name. */
export function pathParameters({ path, pathSchema }: ApiTrigger): Parameter[] {
  const known = new Map(membersOf(pathSchema).map((each) => [each.name, each]))
  return [...path.matchAll(PART)].map(([whole, name = '*']) => {
    const type = whole.endsWith('*') ? 'any/number/of/parts' : ''
    return { description: '', type, choices: [], ...known.get(name), name, isRequired: !whole.endsWith('*') }
  })
}

/** Parameters of the query: those of its schema, then those that are only told of. */
export function queryParameters({ querySchema, queryParams }: ApiTrigger): Parameter[] {
  const told = new Map(queryParams.map((each) => [each.name, each]))
  const ofSchema = membersOf(querySchema).map((each) => ({
    ...each,
    description: each.description || (told.get(each.name)?.description ?? ''),
  }))
  const known = new Set(ofSchema.map(({ name }) => name))
  const others = queryParams
    .filter(({ name }) => !known.has(name))
    .map(({ name, description, required }) => ({ name, description, isRequired: required, type: '', choices: [] }))
  return [...ofSchema, ...others]
}

function membersOf(schema: JsonSchema | null): Parameter[] {
  if (typeof schema !== 'object' || schema === null) return []
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  return Object.entries(objectOf(schema['properties'])).map(([name, given]) => {
    const of = objectOf(given)
    const description = typeof of['description'] === 'string' ? of['description'] : ''
    const choices = Array.isArray(of['enum']) ? of['enum'].map(String) : of['type'] === 'boolean' ? ['true', 'false'] : []
    return { name, description, isRequired: required.includes(name), type: typeOf(of), choices }
  })
}

function typeOf(schema: { [member: string]: Json }): string {
  const type = schema['type']
  return Array.isArray(type) ? type.filter((each) => each !== 'null').join(' or ') : typeof type === 'string' ? type : ''
}

function objectOf(value: Json | undefined): { [member: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
