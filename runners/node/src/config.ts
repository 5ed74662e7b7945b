// A config as user code has it -> what the core gets: plain values here, JSON Schemas there, no functions.

import { isRecord, MAX_DEPTH } from './refusal.js';
import { encode } from './values.js';

/** Places of schemas in a step's config. */
export const STEP_SCHEMAS = /^\/(?:triggers\/\d+\/)?(?:bodySchema|input|responseSchema\/[^/]+)$/;
/** Places of schemas in a stream's config. */
export const STREAM_SCHEMAS = /^\/schema$/;

/** A config taken apart. */
export interface Split {
  /** Value: the config without its functions and schemas. */
  config: Buffer;
  /** JSON text by JSON pointer. */
  schemas: { [pointer: string]: Buffer };
}

/** What schema libraries agreed upon as Standard JSON Schema; older ones have less of it. */
interface StandardSchema {
  '~standard'?: { jsonSchema?: { input?: GiveSchema; output?: GiveSchema } };
}

type GiveSchema = (options: { target: string }) => unknown;

/** Takes a config apart; schemas are what stands at `places`. Throws `UnsendableError` for what is no config value. */
export function splitConfig(config: Record<string, unknown>, places: RegExp): Split {
  const schemas: Split['schemas'] = {};
  const visit = (value: unknown, pointer: string, depth: number): unknown => {
    if (places.test(pointer)) {
      const schema = isSchemaObject(value) ? jsonSchemaOf(value, pointer) : value;
      if (isJson(schema, depth)) schemas[pointer] = Buffer.from(JSON.stringify(schema));
      return undefined;
    }
    if (typeof value === 'function' || isSchemaObject(value)) return undefined;
    if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
    const inside = (item: unknown, key: string | number): unknown => visit(item, `${pointer}/${escape(key)}`, depth + 1);
    if (Array.isArray(value)) return value.filter((item) => typeof item !== 'function').map(inside);
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item, key)]));
  };
  return { config: encode(visit(config, '', 0), 'config'), schemas };
}

/** Tells the objects of schema libraries, which are no JSON Schema themselves. */
function isSchemaObject(value: unknown): value is StandardSchema {
  return typeof value === 'object' && value !== null && ('~standard' in value || '_def' in value);
}

/** Asks a schema object for its JSON Schema; undefined when it cannot give one. */
function jsonSchemaOf(schema: StandardSchema, pointer: string): unknown {
  const converter = schema['~standard']?.jsonSchema;
  try {
    return converter?.[pointer.includes('/responseSchema/') ? 'output' : 'input']?.({ target: 'draft-2020-12' });
  } catch {
    return undefined; // JSON Schema has no word for all that a library can check; the step runs without
  }
}

/** Tells maps that are JSON all through, as a JSON Schema is. */
function isJson(value: unknown, depth: number): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every((item) => isJsonItem(item, depth + 1));
}

function isJsonItem(item: unknown, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(item)) return item.every((inner) => isJsonItem(inner, depth + 1));
  if (typeof item === 'object' && item !== null) return isJson(item, depth);
  return typeof item !== 'function' && typeof item !== 'symbol' && typeof item !== 'bigint';
}

function escape(key: string | number): string {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1');
}
