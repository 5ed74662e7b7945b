// A config as user code has it -> what the core gets: plain values here, JSON Schemas there, no functions.

import { isRecord, MAX_DEPTH } from './refusal.js';
import type { Side } from './schema-sides.js';
import { isSchemaObject, reasonOf, writeSchema } from './schemas.js';
import { encode } from './values.js';

/** Places of schemas in a step's config. */
export const STEP_SCHEMAS = new RegExp(
  '^/(?:triggers/\\d+/)?(?:bodySchema|input|pathParams|queryParams(?:/\\d+/schema)?|responseSchema(?:/[^/]+)?|emits/\\d+/schema)$',
);
/** Places of schemas in a stream's config. */
export const STREAM_SCHEMAS = /^\/schema$/;

/** What tells a schema from a map of schemas by status. */
const KEYWORD = /^(?:\$(?:ref|schema|defs|id)|type|properties|items|allOf|anyOf|oneOf|not|enum|const|definitions)$/;

/** The place of what one status is answered with. */
const STATUS = /\/responseSchema\/[^/]+$/;

/** A config taken apart. */
export interface Split {
  /** Value: the config without its functions and schemas. */
  config: Buffer;
  /** JSON text by JSON pointer. */
  schemas: { [pointer: string]: Buffer };
  /** Why a schema is missing among them, by place, such as "bodySchema". */
  unwritten: { [place: string]: string };
}

/**
 * Takes a config apart; schemas are what stands at `places`, `root` is the project's path.
 * Throws `UnsendableError` for what is no config value.
 */
export function splitConfig(config: Record<string, unknown>, places: RegExp, root: string): Split {
  const schemas: Split['schemas'] = {};
  const unwritten: Split['unwritten'] = {};
  const take = (value: unknown, pointer: string): void => {
    try {
      schemas[pointer] = Buffer.from(writeSchema(value, sideOf(pointer), root));
    } catch (error) {
      unwritten[pointer.slice(1).replaceAll('/', '.')] = reasonOf(error);
      if (STATUS.test(pointer)) schemas[pointer] = Buffer.from('true'); // the status is answered all the same, with anything
    }
  };
  const visit = (value: unknown, pointer: string, within: readonly object[]): unknown => {
    if (places.test(pointer) && isSchema(value, pointer)) return void take(value, pointer);
    if (typeof value === 'function' || isSchemaObject(value)) return undefined;
    // What contains itself or is too deep is refused, with its place, when it is encoded.
    if (typeof value !== 'object' || value === null || within.length > MAX_DEPTH || within.includes(value)) return value;
    const inside = (item: unknown, key: string | number): unknown => visit(item, `${pointer}/${escape(key)}`, [...within, value]);
    if (Array.isArray(value)) return value.filter((item) => typeof item !== 'function').map(inside);
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item, key)]));
  };
  return { config: encode(visit(config, '', []), 'config'), schemas, unwritten };
}

/** Tells a schema from what else may stand at its place: a list of parameters, a map by status, nothing. */
function isSchema(value: unknown, pointer: string): boolean {
  if (value === undefined || value === null) return false;
  if (isSchemaObject(value)) return true;
  if (pointer.endsWith('/queryParams')) return !Array.isArray(value);
  return !(pointer.endsWith('/responseSchema') && typeof value === 'object' && !Object.keys(value).some((key) => KEYWORD.test(key)));
}

function sideOf(pointer: string): Side {
  if (pointer.includes('/responseSchema') || pointer.includes('/emits/')) return 'output';
  return /\/(?:queryParams|pathParams)/.test(pointer) ? 'text' : 'input';
}

function escape(key: string | number): string {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1');
}
