// The pieces that a streamed body is made of, as bytes (PROTOCOL.md §9).

import { types } from 'node:util';
import { InvalidOutputError } from './failure.js';
import { EVENT_STREAM } from './http.js';
import { toJson } from './json.js';
import { isRecord, LONE_SURROGATE } from './refusal.js';

/** The fields of one line, and those with what may have several. */
const LINE_FIELDS = ['event', 'id', 'retry'];
const EVENT_FIELDS = [...LINE_FIELDS, 'data'];
const END_OF_LINE = /\r\n|\r|\n/;

/** Gives the bytes of a body's piece; `number` counts from 1. Throws `InvalidOutputError` for one that cannot be sent. */
export async function encodePiece(piece: unknown, number: number, areEvents: boolean): Promise<Buffer> {
  if (typeof piece === 'string') return bytesOf(piece, number);
  // Copied: the producer may use its buffer again before the piece has gone out.
  if (piece instanceof Uint8Array) return Buffer.from(piece);
  if (types.isAnyArrayBuffer(piece)) return Buffer.from(Buffer.from(piece));
  const where = placeOf(number);
  const isMap = typeof piece === 'object' && piece !== null && isRecord(piece);
  if (areEvents && isMap) return bytesOf(await event(piece, where), number);
  const allowed = areEvents ? 'text, bytes or an event such as { data: ... }' : 'text or bytes';
  const hint = isMap ? `; maps are sent as events of the content type ${EVENT_STREAM}` : '';
  throw new InvalidOutputError(`${where} is ${nameOf(piece)}; a piece is ${allowed}${hint}`);
}

function placeOf(number: number): string {
  return `body piece ${number}`;
}

function bytesOf(text: string, number: number): Buffer {
  if (!text.isWellFormed()) throw new InvalidOutputError(`${placeOf(number)} ${LONE_SURROGATE}`);
  return Buffer.from(text);
}

/** A server-sent event (HTML standard, section 9.2). */
async function event(piece: Record<string, unknown>, where: string): Promise<string> {
  const unknown = Object.keys(piece).find((key) => !EVENT_FIELDS.includes(key));
  if (unknown !== undefined) {
    throw new InvalidOutputError(`${where} has the key ${JSON.stringify(unknown)}; an event has data, event, id and retry`);
  }
  const { data } = piece;
  const given = LINE_FIELDS.filter((name) => piece[name] !== undefined && piece[name] !== null);
  const lines = given.map((name) => `${name}: ${lineOf(name, piece[name], where)}`);
  if (data !== undefined) {
    const text = typeof data === 'string' ? data : await jsonOf(data, `${where}.data`);
    for (const line of text.split(END_OF_LINE)) lines.push(`data: ${line}`);
  }
  return [...lines, '\n'].join('\n');
}

/** A field's text, which is one line. */
function lineOf(name: string, value: unknown, where: string): string {
  if (name === 'retry') {
    if (Number.isSafeInteger(value) && (value as number) >= 0) return String(value);
    throw new InvalidOutputError(`${where}.retry is ${nameOf(value)}; it is a whole number of milliseconds`);
  }
  if (typeof value !== 'string' && typeof value !== 'bigint' && !Number.isInteger(value)) {
    throw new InvalidOutputError(`${where}.${name} is ${nameOf(value)}; it is text`);
  }
  const text = String(value);
  if (!END_OF_LINE.test(text) && !text.includes('\0')) return text;
  throw new InvalidOutputError(`${where}.${name} has a line break or a NUL; it is one line`);
}

async function jsonOf(data: unknown, where: string): Promise<string> {
  try {
    const json = await toJson(data, where);
    return Buffer.isBuffer(json) ? json.toString() : Buffer.concat(json).toString();
  } catch (error) {
    throw new InvalidOutputError((error as Error).message, { cause: error });
  }
}

function nameOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}
