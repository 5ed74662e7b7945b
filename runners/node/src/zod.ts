// zod 3 and zod 4 -> JSON Schema, by the converters of both, which work on objects of any copy of zod.
// A bundle of its own, `zod.cjs`: see schemas.ts.

import { ignoreOverride, parseDef, zodToJsonSchema, type Refs, type Seen } from 'zod-to-json-schema';
import { toJSONSchema } from 'zod/v4/core';
import type { Side } from './schema-sides.js';

type Json = Record<string, unknown>;
type Pattern = { source: string; flags: string };
/** What is looked at of a schema's definition; zod 4 has `type`, zod 3 `typeName`. */
type Definition = {
  type?: string;
  typeName?: string;
  coerce?: boolean;
  catchall?: unknown;
  in?: Zod4;
  shape?: { [key: string]: Zod4 };
  effect?: { type: string };
  schema?: { _def: unknown };
  pattern?: Pattern;
  value?: unknown;
  unknownKeys?: string;
  checks?: { regex?: Pattern; _zod?: { def: Definition } }[];
};
type Zod4 = { _zod: { def: Definition } };

/** What says nothing of a value; it stays where all that does is left out. */
const ANNOTATIONS: ReadonlySet<string> = new Set(['title', 'description', 'deprecated', 'examples']);
const DATE = { type: 'string', format: 'date-time' };
const INTEGER = { type: 'integer' };

/** Writes a schema of zod 4 or zod mini. What JSON Schema has no word for is left out. */
export function ofZod4(schema: unknown, side: Side): unknown {
  return plain(
    toJSONSchema(schema as Parameters<typeof toJSONSchema>[0], {
      target: 'draft-2020-12',
      unrepresentable: 'any',
      io: side === 'output' ? 'output' : 'input',
      metadata: ofItsOwnCopy as never,
      override: ({ zodSchema, jsonSchema }) => adjust((zodSchema as unknown as Zod4)._zod.def, jsonSchema as Json, side),
    }),
  );
}

/** Finds what `.meta()` and `.describe()` have told: each copy of zod has a registry. Ids are no concern of ours. */
const ofItsOwnCopy = {
  get(schema: { meta?: () => Json | undefined }): Json | undefined {
    const told = typeof schema.meta === 'function' ? schema.meta() : undefined;
    return told && Object.fromEntries(Object.entries(told).filter(([key]) => ANNOTATIONS.has(key)));
  },
};

function adjust(def: Definition, json: Json, side: Side): void {
  if (def.type === 'date') Object.assign(json, DATE);
  if (def.type === 'bigint') Object.assign(json, INTEGER);
  if (def.type === 'object') adjustObject(def, json, side);
  if (def.type === 'string') for (const { pattern } of [def, ...(def.checks ?? []).map((check) => check._zod?.def ?? {})]) addFlags(json, pattern);
  if (takesAny(def, side)) for (const key of Object.keys(json)) if (!ANNOTATIONS.has(key)) delete json[key];
}

/** Keys that an object does not name are taken away by zod, not refused; what takes anything may be missing. */
function adjustObject({ catchall, shape }: Definition, json: Json, side: Side): void {
  if (catchall === undefined) delete json['additionalProperties'];
  if (!Array.isArray(json['required'])) return;
  json['required'] = json['required'].filter((key: string) => !takesAny(shape?.[key]?._zod.def ?? {}, side));
}

/** JSON Schema has no flags for patterns; inside the pattern they are understood all the same. */
function withFlags({ source, flags }: Pattern): string {
  const counting = flags.replace(/[^ims]/g, '');
  return counting === '' ? source : `(?${counting}:${source})`;
}

function addFlags(json: Json, pattern: Pattern | undefined): void {
  if (pattern === undefined) return;
  const all = Array.isArray(json['allOf']) ? (json['allOf'] as Json[]) : [];
  for (const part of [json, ...all]) if (part['pattern'] === pattern.source) part['pattern'] = withFlags(pattern);
}

/** Tells what makes its value of whatever comes in. Texts of a URL are read as numbers by us as by zod. */
function takesAny({ type, typeName, coerce, effect, in: begin }: Definition, side: Side): boolean {
  if (side === 'output') return false;
  const kind = type ?? typeName;
  if (coerce === true) return !(side === 'text' && /^(?:number|bigint|ZodNumber|ZodBigInt)$/.test(String(kind)));
  if (kind === 'catch' || kind === 'ZodCatch') return true;
  return effect?.type === 'preprocess' || (kind === 'pipe' && begin?._zod.def.type === 'transform');
}

/** Writes a schema of zod 3. */
export function ofZod3(schema: unknown, side: Side): unknown {
  const opened = new Map<Definition, Definition>();
  const { $schema, ...written } = zodToJsonSchema(schema as Parameters<typeof zodToJsonSchema>[0], {
    effectStrategy: side === 'output' ? 'any' : 'input',
    pipeStrategy: side === 'output' ? 'output' : 'input',
    removeAdditionalStrategy: 'strict',
    allowedAdditionalProperties: undefined,
    override: (given, refs, seen, isForced) => {
      const def = given as unknown as Definition;
      if (takesAny(def, side)) return described(given as { description?: string });
      if (def.typeName === 'ZodLiteral' && def.value === null) return { ...described(given as { description?: string }), type: 'null' } as never;
      if (def.effect?.type === 'refinement' && side === 'output') return parseDef(def.schema?._def as never, refs as Refs);
      // Only what holds itself is a reference; what is used twice is written twice, so that it can be read.
      if (seen !== undefined && isForced !== true && !isWithin(refs.currentPath, seen)) return parseDef(given, refs as Refs, true);
      if (def.unknownKeys === 'passthrough') return parseDef(open(def, opened) as never, refs as Refs, isForced);
      return hasFlags(def) ? parseDef(flagged(def) as never, refs as Refs, true) : ignoreOverride;
    },
  }) as Json;
  return plain(written);
}

function hasFlags({ checks }: Definition): boolean {
  return checks?.some(({ regex }) => regex !== undefined && withFlags(regex) !== regex.source) ?? false;
}

/** The same text with its patterns' flags inside them; only their source is read after this. */
function flagged(def: Definition): Definition {
  const inside = (regex: Pattern): Pattern => ({ source: withFlags(regex), flags: '' });
  return { ...def, checks: def.checks?.map((check) => (check.regex ? { ...check, regex: inside(check.regex) } : check)) ?? [] };
}

/** The same object, whose other keys may be anything: once for each, so that one which holds itself is found again. */
function open(def: Definition, opened: Map<Definition, Definition>): Definition {
  const known = opened.get(def) ?? { ...def, unknownKeys: 'strip', catchall: { _def: { typeName: 'ZodAny' } } };
  opened.set(def, known);
  return known;
}

function described({ description }: { description?: string }): Json {
  return description === undefined ? {} : { description };
}

function isWithin(path: readonly string[], { path: outer }: Seen): boolean {
  return outer.length < path.length && outer.every((part, at) => path[at] === part);
}

/** JSON alone: limits of big integers become numbers. */
function plain(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema, (_, item: unknown) => (typeof item === 'bigint' ? Number(item) : item)));
}
