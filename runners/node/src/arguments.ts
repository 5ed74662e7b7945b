// What handlers give to the methods of their context, on its way into a host call.

import { LONE_SURROGATE, UnsendableError } from './refusal.js';
import { encode } from './values.js';

const EMPTY = Buffer.alloc(0);

/** Named values, such as options. */
export type Named = Record<string, unknown>;

/**
 * Gives a group, a key or an id; whole numbers are taken as their digits, so that all languages mean the same key.
 * Throws a TypeError that names the argument, or an `UnsendableError` for what is no text in UTF-8.
 */
export function text(value: unknown, method: string, argument: string): string {
  if (typeof value === 'string') return wellFormed(value, method, argument);
  if (isName(value)) return typeof value === 'number' ? String(BigInt(value)) : String(value);
  if (typeof value === 'number') throw new TypeError(`${method}: ${argument} must be a text or a whole number, got ${value}`);
  throw new TypeError(`${method}: ${argument} must be a text, got ${shown(value)}`);
}

/** Gives a name that is one in UTF-8, where all with a lone surrogate would be the same. Throws an `UnsendableError`. */
export function wellFormed(name: string, method: string, argument: string): string {
  if (!name.isWellFormed()) throw new UnsendableError(`${method}: ${argument} ${LONE_SURROGATE}`);
  return name;
}

/** Tells what can be a group, a key or an id. */
export function isName(value: unknown): value is string | number | bigint {
  return typeof value === 'string' || typeof value === 'bigint' || Number.isInteger(value);
}

/** Gives an object; throws a TypeError when `value` is none, which says what `shape` it has to have. */
export function record(value: unknown, what: string, shape = ''): Named {
  const isOne = typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Promise);
  if (isOne) return value as Named;
  throw new TypeError(`${what} must be an object${shape && `, ${shape}`}, got ${shown(value)}`);
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
  if (value instanceof Promise) return 'a Promise; await it first';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
