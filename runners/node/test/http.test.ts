import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest } from '../sdk/types.js';
import { InvalidInputError, InvalidOutputError } from '../src/failure.js';
import { readRequest, writeResponse } from '../src/http.js';
import { UnsendableError } from '../src/refusal.js';
import { decode, encode } from '../src/values.js';

const EMPTY_MAPS = { pathParams: { id: '7' }, queryParams: { tag: ['a', 'b'] }, headers: { host: 'x' } };

function payload(form: string, body: string | Buffer, more: object = {}): Buffer {
  return encode({ method: 'POST', path: '/a', ...EMPTY_MAPS, form, body: Buffer.from(body), ...more }, 'request');
}

function request(form: string, body: string | Buffer, more: object = {}): ApiRequest {
  const read = readRequest(payload(form, body, more));
  assert(!(read instanceof Promise));
  return read;
}

function response(returned: unknown): Record<string, unknown> {
  const written = writeResponse(returned);
  assert(written instanceof Buffer);
  return decode(written) as Record<string, unknown>;
}

test('a large body is read and written in pieces, and is the same', async () => {
  const text = `a "quoted" line\n and 😀 `.repeat(20_000);
  const body = { text, empty: {}, none: [], list: ['x'.repeat(70_000), { deep: [text, 1.5, null, true] }], [text.slice(0, 5)]: 'key' };
  const read = readRequest(payload('json', JSON.stringify(body)));
  assert(read instanceof Promise);
  assert.deepEqual((await read).body, body);
  const written = writeResponse({ status: 200, body: { ...body, absent: undefined, big: 2n ** 60n, map: new Map([['k', text]]) } });
  assert(written instanceof Promise);
  const sent = decode(Buffer.concat(await written)) as { form: string; body: Buffer };
  assert.equal(sent.form, 'json');
  assert.equal(sent.body.toString(), `${JSON.stringify(body).slice(0, -1)},"big":1152921504606846976,"map":${JSON.stringify({ k: text })}}`);
});

test('a large body that is no JSON is invalid input as well', async () => {
  await assert.rejects(async () => readRequest(payload('json', `[${'1,'.repeat(200_000)}`)), InvalidInputError);
});

test('a request has its parts and a body by its form', () => {
  const req = request('json', '{"a":[1]}');
  assert.deepEqual(req, { method: 'POST', path: '/a', ...EMPTY_MAPS, body: { a: [1] }, rawBody: '{"a":[1]}' });
  assert.deepEqual(request('none', '').body, {});
  assert.equal(request('none', '').rawBody, '');
  assert.equal(request('text', 'grüß').body, 'grüß');
  assert.deepEqual(request('bytes', Buffer.from([255, 1])).body, Buffer.from([255, 1]));
  assert.deepEqual(request('bytes', Buffer.from([255, 1])).rawBody, Buffer.from([255, 1]));
  const form = request('value', 'a=1', { value: { a: '1' } });
  assert.deepEqual([form.body, form.rawBody], [{ a: '1' }, 'a=1']);
});

test('JSON that is none is invalid input', () => {
  assert.throws(() => request('json', '{"a":'), InvalidInputError);
  assert.throws(() => request('json', Buffer.from([0x22, 0xff, 0x22])), /not UTF-8/);
  assert.equal(request('json', '\ufeff1').body, 1);
});

test('a response body goes out in the form of its type', () => {
  assert.deepEqual(response({ status: 204 }), { status: 204, form: 'none' });
  assert.deepEqual(response({ body: 'hi' }), { form: 'text', body: Buffer.from('hi') });
  assert.deepEqual(response({ status: 200, body: new Uint8Array([1, 2]) }).form, 'bytes');
  assert.deepEqual(response({ status: 200, body: null }), { status: 200, form: 'json', body: Buffer.from('null') });
  assert.equal(String(response({ body: [1, { a: undefined, d: new Date(0) }] }).body), '[1,{"d":"1970-01-01T00:00:00.000Z"}]');
  assert.equal(String(response({ body: { big: 2n ** 60n, map: new Map([['k', [1n]]]), at: new Date(0) } }).body),
    '{"big":1152921504606846976,"map":{"k":[1]},"at":"1970-01-01T00:00:00.000Z"}');
});

test('headers become texts and lists of texts', () => {
  const headers = { 'x-a': 1, 'x-list': ['a', 2], 'x-none': undefined };
  assert.deepEqual(response({ headers }).headers, { 'x-a': '1', 'x-list': ['a', '2'] });
  const repeated = new Headers([['set-cookie', 'a=1'], ['set-cookie', 'b=2'], ['x', 'y']]);
  assert.deepEqual(response({ headers: repeated }).headers, { 'set-cookie': ['a=1', 'b=2'], x: 'y' });
  assert.throws(() => response({ headers: { 'x-a': {} } }), /headers\["x-a"\] must be text/);
});

test('what is no response is invalid output', () => {
  for (const wrong of [undefined, null, 'text', 7, [1]]) assert.throws(() => response(wrong), InvalidOutputError);
  assert.throws(() => response(undefined), /it returned undefined/);
});

test('a body that has no JSON form is refused by its place', () => {
  const place = (body: unknown, message: RegExp): void =>
    assert.throws(() => response({ status: 200, body }), (error: unknown) => error instanceof UnsendableError && message.test(error.message));
  place({ items: [1, { run() {} }] }, /^body\.items\[1\]\.run is a function/);
  place({ a: new Set([1]) }, /^body\.a is of type Set/);
  place((async function* () {})(), /^body is of type AsyncGenerator/);
  const loop: Record<string, unknown> = {};
  loop.self = [loop];
  place(loop, /^body\.self\[0\] contains itself/);
});

test('the rawBody of a large body is a property like any other', async () => {
  const text = JSON.stringify({ text: 'ä'.repeat(300_000) });
  const large = async (): Promise<ApiRequest> => readRequest(payload('json', text));
  assert.equal(Object.freeze(await large()).rawBody, text);
  assert.deepEqual(Object.keys(await large()), Object.keys(request('json', '{}')));
  assert.equal({ ...(await large()) }.rawBody, text);
  const original = await large();
  const derived = Object.create(original) as ApiRequest;
  derived.rawBody = 'mine';
  assert.deepEqual([derived.rawBody, original.rawBody], ['mine', text]);
  original.rawBody = 'replaced';
  assert.equal(original.rawBody, 'replaced');
});

test('a large answer is what it was when it was given back', async () => {
  const body = { rows: Array.from({ length: 20_000 }, () => ({ v: 1 })), text: 'x'.repeat(300_000) };
  const expected = JSON.stringify(body);
  const written = writeResponse({ status: 200, body });
  for (const row of body.rows) row.v = 2;
  body.rows.length = 5;
  const sent = decode(Buffer.concat((await written) as Buffer[])) as { body: Buffer };
  assert.equal(sent.body.toString(), expected);
});
