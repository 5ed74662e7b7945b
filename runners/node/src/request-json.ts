// JSON text of clients -> value: JSON.parse, and what is to be said of a text beyond that. Almost every text is told at
// a glance to need no more.

import { randomUUID } from 'node:crypto';
import { InvalidInputError } from './failure.js';
import { MAX_DEPTH } from './refusal.js';

/** How a lone surrogate begins, or half of a pair. */
const SURROGATE = /\\u[dD][89a-fA-F]/;
/** Digits of the shortest integer that loses some as a number. */
const LONG_INTEGER = 16;
const ZERO = 0x30;
const NINE = 0x39;
/** The escapes of a text, pairs of surrogates as one; the group holds a lone one. */
const ESCAPES = /\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)/g;
/** The texts and the numbers of a JSON text; the group holds an integer. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|(-?\d+)(?![\d.eE])|-?\d[\d.eE+-]*/g;
/** No text of a client begins so. A reviver sees no source text before Node 21, so integers go through it as texts. */
const MARK = randomUUID();
/** Digits of the longest integer; the time that more take grows with their square. */
const MAX_DIGITS = 4300;
/** Bytes of the shortest text that nests too deep. */
const SHORTEST_DEEP = 2 * (MAX_DEPTH + 1);

/**
 * Gives the value of a JSON text, integers past 2^53 as BigInt; `level` is how deep the text stands inside another.
 * Throws what JSON.parse throws, and `InvalidInputError` for what no value can be.
 */
export function parseJson(text: string, level = 0): unknown {
  const value: unknown = JSON.parse(text);
  if (text.length >= SHORTEST_DEEP - 2 * level && hasManyBrackets(text, MAX_DEPTH - level) && isDeeper(value, MAX_DEPTH - level)) {
    throw new InvalidInputError(`the request body nests deeper than ${MAX_DEPTH} levels`);
  }
  if (text.includes('\\u') && SURROGATE.test(text)) checkSurrogates(text);
  return hasLongInteger(text) ? exact(text, value) : value;
}

/** What a client is told of a text with a lone surrogate. */
export function loneSurrogate(): InvalidInputError {
  return new InvalidInputError('the request body holds a lone surrogate, which is no text');
}

function checkSurrogates(text: string): void {
  for (const [, lone] of text.matchAll(ESCAPES)) if (lone !== undefined) throw loneSurrogate();
}

/** True when there may be a long integer, in a text as well: one digit of it stands where this looks. */
function hasLongInteger(text: string): boolean {
  for (let at = LONG_INTEGER - 1; at < text.length; at += LONG_INTEGER) {
    if (!isDigit(text, at)) continue;
    let begin = at;
    while (isDigit(text, begin - 1)) begin--;
    let end = at + 1;
    while (isDigit(text, end)) end++;
    if (end - begin >= LONG_INTEGER) return true;
  }
  return false;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= ZERO && code <= NINE;
}

/** The value without lost digits; `value` is what JSON.parse made of the text. */
function exact(text: string, value: unknown): unknown {
  let isInexact = false;
  const marked = text.replace(TOKENS, (token, integer?: string) => {
    if (integer === undefined || Number.isSafeInteger(Number(integer))) return token;
    if (integer.length > MAX_DIGITS) throw new InvalidInputError('the request body holds an integer of too many digits');
    isInexact = true;
    return `"${MARK}${integer}"`;
  });
  if (!isInexact) return value;
  return JSON.parse(marked, (_, part: unknown) =>
    typeof part === 'string' && part.startsWith(MARK) ? BigInt(part.slice(MARK.length)) : part,
  );
}

/** True when a text has brackets enough to nest so deep, which next to none has. */
function hasManyBrackets(text: string, levels: number): boolean {
  let left = levels;
  for (const bracket of '[{') {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) if (left-- === 0) return true;
  }
  return false;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isDeeper(item, levels - 1));
  for (const key in value) if (isDeeper((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}
