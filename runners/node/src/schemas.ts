// Schemas of whatever library, as JSON Schema: what is asked of a place decides which side of it, input or output.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { MAX_DEPTH } from './refusal.js';
import type { Side } from './schema-sides.js';
import type * as Zod from './zod.js';

/** Characters of a reason that a warning tells. */
const MAX_REASON = 200;
const TARGET = 'draft-2020-12';

/** A schema that cannot be written as JSON Schema. */
export class UnwritableSchema extends Error {
  override readonly name = 'UnwritableSchema';
}

/** What schema libraries agreed upon as Standard Schema and Standard JSON Schema; older ones have less of it. */
interface StandardSchema {
  vendor?: string;
  jsonSchema?: { [side in 'input' | 'output']?: (options: object) => unknown };
}

type SchemaObject = { _zod?: unknown; _def?: { typeName?: unknown }; '~standard'?: StandardSchema };

// Beside the bundle, and read only by those who use zod: most of it is zod's own.
let converters: typeof Zod | undefined;
const zod = (): typeof Zod => (converters ??= createRequire(__filename)('./zod.cjs') as typeof Zod);

/** Reads beforehand what the first schema of zod needs. */
export function warmUpConverters(): void {
  zod();
}

/** Tells the objects (and functions) of schema libraries, which are no JSON Schema themselves. */
export function isSchemaObject(value: unknown): value is SchemaObject {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return '~standard' in value || '_zod' in value || ('_def' in value && typeof value === 'object');
}

/** Writes a schema as JSON text; `root` is the project's path. Throws an error that says why it cannot be written. */
export function writeSchema(schema: unknown, side: Side, root: string): string {
  const written = isSchemaObject(schema) ? convert(schema, side, root) : schema;
  if (typeof written === 'boolean') return String(written);
  if (!isJson(written, 0)) throw new UnwritableSchema('it is neither a JSON Schema nor an object that gives one');
  return JSON.stringify(written);
}

/** Says why a schema could not be written, as one line. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/\s+/g, ' ').slice(0, MAX_REASON);
}

function convert(schema: SchemaObject, side: Side, root: string): unknown {
  if (typeof schema._zod === 'object') return zod().ofZod4(schema, side);
  if (typeof schema._def?.typeName === 'string') return zod().ofZod3(schema, side);
  const standard = schema['~standard'];
  const give = standard?.jsonSchema?.[side === 'output' ? 'output' : 'input'];
  if (give !== undefined) return give({ target: TARGET, ...leniency(standard?.vendor) });
  if (standard?.vendor === 'valibot') return ofValibot(schema, side, root);
  throw new UnwritableSchema(`${standard?.vendor ?? 'its library'} gives no JSON Schema for it`);
}

/** How a library is told to leave out what JSON Schema has no word for. */
function leniency(vendor: string | undefined): object {
  if (vendor !== 'arktype') return {};
  return { libraryOptions: { fallback: ({ base }: { base: unknown }) => base } };
}

/** Valibot keeps its converter in a package of its own. */
function ofValibot(schema: SchemaObject, side: Side, root: string): unknown {
  const name = '@valibot/to-json-schema';
  let library: { toJsonSchema: (schema: unknown, options: object) => unknown };
  try {
    library = createRequire(join(root, 'package.json'))(name) as typeof library;
  } catch (error) {
    throw new UnwritableSchema(`Valibot does so by another package; run: npm install ${name}`, { cause: error });
  }
  return library.toJsonSchema(schema, { target: TARGET, errorMode: 'ignore', typeMode: side === 'output' ? 'output' : 'input' });
}

/** Tells maps that are JSON all through, as a JSON Schema is; entries under symbols do not count. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every((item) => isJsonItem(item, depth + 1));
}

function isJsonItem(item: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(item)) return item.every((inner) => isJsonItem(inner, depth + 1));
  if (typeof item === 'object' && item !== null) return isJson(item, depth);
  return typeof item !== 'function' && typeof item !== 'symbol' && typeof item !== 'bigint';
}
