// What handlers give to the methods of their context, on its way into a host call.

import { encode } from './values.js';

const EMPTY = Buffer.alloc(0);

/** Named values, such as options. */
export type Named = Record<string, unknown>;

/** Gives a group, a key or an id; numbers are taken as their text. Throws a TypeError that names the argument. */
export function text(value: unknown, method: string, argument: string): string {
  if (isName(value)) return String(value);
  throw new TypeError(`${method}: ${argument} must be a text, got ${shown(value)}`);
}

/** Tells what can be a group, a key or an id. */
export function isName(value: unknown): value is string | number | bigint {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
}

/** Gives an object; throws a TypeError when `value` is none. */
export function record(value: unknown, what: string): Named {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Named;
  throw new TypeError(`${what} must be an object, got ${shown(value)}`);
}

/** Encodes options, those that are undefined left out; throws a TypeError for one that is not `known`. */
export function encodeOptions(options: Named, known: readonly string[], method: string): Buffer {
  const given = Object.keys(options).filter((name) => options[name] !== undefined);
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`${method}: there is no option "${unknown}"; the options are ${known.join(', ')}`);
  }
  return given.length === 0 ? EMPTY : encode(options, 'options');
}

/** Encodes the operations of an update; throws a TypeError when they are no list. */
export function encodeOperations(list: unknown, method: string): Buffer {
  if (!Array.isArray(list)) throw new TypeError(`${method}: operations must be a list, got ${shown(list)}`);
  return encode(list, 'operations');
}

/** Says what a value is, for errors. */
export function shown(value: unknown): string {
  if (value === undefined || value === null || value === '') return JSON.stringify(value) ?? 'undefined';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
