// The request map -> `req`, and what an api handler returned -> the response map (PROTOCOL.md §5).

import { isUtf8 } from 'node:buffer';
import { types } from 'node:util';
import type { ApiRequest } from '../sdk/types.js';
import { InvalidInputError, InvalidOutputError } from './failure.js';
import { toJson } from './json.js';
import { lengthOf } from './outbox.js';
import { parseInPieces } from './parse.js';
import { describeUnsendable, LONE_SURROGATE, UnsendableError } from './refusal.js';
import { parseJson } from './request-json.js';
import { LARGE, nextRound, textOf } from './rounds.js';
import { decode, encode } from './values.js';

/** The content type of server-sent events. */
export const EVENT_STREAM = 'text/event-stream';
const EMPTY = Buffer.alloc(0);
const BYTE_ORDER_MARK = 0xfeff;
/** Bytes that MessagePack takes for binary data of no length. */
const EMPTY_BINARY_BYTES = 2;

type HeaderMap = Record<string, string | string[]>;

interface RequestMap {
  method: string;
  path: string;
  pathParams: Record<string, string>;
  queryParams: Record<string, unknown>;
  headers: HeaderMap;
  form: 'none' | 'json' | 'text' | 'bytes' | 'value';
  body?: Buffer;
  value?: unknown;
}

/** Gives the handler's request, a large one later. Throws `InvalidInputError` when the body is not what its form says. */
export function readRequest(payload: Buffer): ApiRequest | Promise<ApiRequest> {
  const map = decode(payload) as RequestMap;
  const bytes = map.body ?? EMPTY;
  if (bytes.length > LARGE) return readInPieces(map, bytes);
  const rawBody = isUtf8(bytes) ? bytes.toString('utf8') : bytes;
  return requestOf(map, bodyOf(map, bytes, rawBody), rawBody);
}

async function readInPieces(map: RequestMap, bytes: Buffer): Promise<ApiRequest> {
  await nextRound();
  if (map.form === 'json' && isUtf8(bytes)) return withRawBodyOf(bytes, requestOf(map, await parseLarge(bytes), ''));
  const rawBody = (await textOf(bytes)) ?? bytes;
  await nextRound();
  return requestOf(map, bodyOf(map, bytes, rawBody), rawBody);
}

/** The request with a `rawBody` that becomes text when it is asked for, which few handlers do. */
function withRawBodyOf(bytes: Buffer, request: ApiRequest): ApiRequest {
  let text: string | undefined;
  return Object.defineProperty(request, 'rawBody', {
    get: () => (text ??= bytes.toString('utf8')),
    // As if it were a plain property, also of an object that inherits from the request.
    set(value: unknown) {
      Object.defineProperty(this, 'rawBody', { value, configurable: true, enumerable: true, writable: true });
    },
    configurable: true,
    enumerable: true,
  });
}

function requestOf(map: RequestMap, body: unknown, rawBody: string | Buffer): ApiRequest {
  const { method, path, pathParams, queryParams, headers } = map;
  return { method, path, pathParams, queryParams, headers, body, rawBody };
}

/**
 * Gives the response map of what a handler returned, one with a large JSON body later.
 * Throws `InvalidOutputError` or `UnsendableError`.
 */
export function writeResponse(returned: unknown): Buffer | Promise<Buffer[]> {
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned)) {
    throw new InvalidOutputError(
      `an api handler must return a response such as { status: 200, body: {...} }, but it returned ${nameOf(returned)}`,
    );
  }
  const { status, headers, body } = returned as { status?: unknown; headers?: unknown; body?: unknown };
  const response = { status, headers: headersOf(headers), ...formOf(body) };
  return response.body instanceof Promise ? encodeLater(response, response.body) : encode(response, 'response');
}

/** What goes before a body that follows its response map. */
export interface Head {
  payload: Buffer;
  /** True when the content type is that of server-sent events. */
  areEvents: boolean;
}

/** Gives the response map of a response whose body follows it. Throws `UnsendableError`. */
export function writeHead({ status, headers }: { status?: unknown; headers?: unknown }): Head {
  const written = headersOf(headers);
  const types = Object.entries(written ?? {}).flatMap(([name, value]) => (name.toLowerCase() === 'content-type' ? value : []));
  const areEvents = types.some((type) => type.split(';')[0]?.trim().toLowerCase() === EVENT_STREAM);
  return { payload: encode({ status, headers: written, form: 'none' }, 'response'), areEvents };
}

/** The response map with the body at its end, where its pieces can follow as they are. */
async function encodeLater(response: object, body: Promise<Buffer[]>): Promise<Buffer[]> {
  const pieces = await body;
  const head = encode({ ...response, body: EMPTY }, 'response').subarray(0, -EMPTY_BINARY_BYTES);
  const length = Buffer.from([0xc6, 0, 0, 0, 0]); // "bin 32" of MessagePack
  length.writeUInt32BE(lengthOf(pieces), 1);
  return [Buffer.concat([head, length]), ...pieces];
}

function bodyOf(map: RequestMap, bytes: Buffer, rawBody: string | Buffer): unknown {
  switch (map.form) {
    case 'json':
      return parse(rawBody);
    case 'text':
      return typeof rawBody === 'string' ? rawBody : bytes.toString('utf8');
    case 'bytes':
      return bytes;
    case 'value':
      return map.value;
    default:
      return {};
  }
}

function parse(text: string | Buffer): unknown {
  if (typeof text !== 'string') throw new InvalidInputError('the request body is not JSON: it is not UTF-8');
  try {
    return parseJson(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
  } catch (error) {
    throw noJson(error);
  }
}

async function parseLarge(bytes: Buffer): Promise<unknown> {
  const hasMark = bytes.subarray(0, 3).toString('utf8').charCodeAt(0) === BYTE_ORDER_MARK;
  try {
    return await parseInPieces(hasMark ? bytes.subarray(3) : bytes);
  } catch (error) {
    throw noJson(error);
  }
}

function noJson(error: unknown): InvalidInputError {
  if (error instanceof InvalidInputError) return error;
  return new InvalidInputError(`the request body is not JSON: ${(error as Error).message}`);
}

/** Gives the form and the bytes of a body, those of a large JSON body later. Throws `UnsendableError`. */
export function formOf(body: unknown): { form: 'none' | 'json' | 'text' | 'bytes'; body?: Buffer | Promise<Buffer[]> } {
  if (body === undefined) return { form: 'none' };
  if (typeof body === 'string') {
    if (!body.isWellFormed()) throw new UnsendableError(`body ${LONE_SURROGATE}`);
    return { form: 'text', body: Buffer.from(body) };
  }
  if (body instanceof Uint8Array) return { form: 'bytes', body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
  if (types.isAnyArrayBuffer(body)) return { form: 'bytes', body: Buffer.from(body) };
  return { form: 'json', body: toJson(body, 'body') };
}

function headersOf(headers: unknown): HeaderMap | undefined {
  if (headers === undefined || headers === null) return undefined;
  if (typeof headers !== 'object') throw new UnsendableError(`headers ${describeUnsendable(headers)}`);
  const entries = headers instanceof Headers || headers instanceof Map ? [...headers] : Object.entries(headers);
  const written: HeaderMap = {};
  for (const [name, value] of entries as [string, unknown][]) {
    if (value === undefined || value === null) continue;
    const text = Array.isArray(value) ? value.map((item) => headerText(item, name)) : headerText(value, name);
    written[name] = name in written ? [written[name] ?? [], text].flat() : text; // `Headers` repeats set-cookie
  }
  return written;
}

function headerText(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw new UnsendableError(`headers[${JSON.stringify(name)}] must be text or a list of texts, got ${nameOf(value)}`);
}

function nameOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
