import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidInputError } from '../src/failure.js';
import { parseJson } from '../src/request-json.js';

const refused = (text: string, message: RegExp): void =>
  assert.throws(() => parseJson(text), (error) => error instanceof InvalidInputError && message.test(error.message), text.slice(0, 50));
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test('integers keep their digits', () => {
  const text = '{"a":[9007199254740993,-9007199254740993,1e400,9007199254740991],"__proto__":18446744073709551616,"n":0.12345678901234567}';
  const value = parseJson(text) as Record<string, unknown>;
  assert.deepEqual(value['a'], [9007199254740993n, -9007199254740993n, Infinity, 9007199254740991]);
  assert.equal(Object.getOwnPropertyDescriptor(value, '__proto__')?.value, 18446744073709551616n);
  assert.equal(value['n'], 0.12345678901234567);
  assert.equal(parseJson('9007199254740992'), 9007199254740992n);
});

test('texts that look like big integers stay as they are', () => {
  for (const value of ['9007199254740993', '\\"9007199254740993', '", 9007199254740993', '1234567890123456,\\']) {
    assert.deepEqual(parseJson(JSON.stringify({ [value]: [value] })), { [value]: [value] });
    const mixed = `[${JSON.stringify(value)}, 9007199254740993, 9007199254740993.5, -1e20, ${JSON.stringify(value)}]`;
    assert.deepEqual(parseJson(mixed), [value, 9007199254740993n, 9007199254740993.5, -1e20, value]);
  }
});

test('what no value can be is refused in plain words', () => {
  refused(`[${'7'.repeat(5000)}]`, /^the request body holds an integer of too many digits$/);
  refused(nested(513), /^the request body nests deeper than 512 levels$/);
  refused(nested(100_000), /nests deeper than 512 levels/);
  refused(`${'{"a":'.repeat(513)}1${'}'.repeat(513)}`, /nests deeper than 512 levels/);
  assert.equal(JSON.stringify(parseJson(nested(512))), nested(512));
  const flat = Array.from({ length: 600 }, () => ({ a: [1] }));
  assert.deepEqual(parseJson(JSON.stringify(flat)), flat);
});

test('lone surrogates are told from pairs', () => {
  for (const text of ['"\\ud800"', '["\\udc00\\ud800"]', '{"\\uD83D\\ude00\\uD83d":1}', '"\\\\\\udfff"']) {
    refused(text, /^the request body holds a lone surrogate, which is no text$/);
  }
  for (const text of ['"\\\\ud800"', '"\\ud83d\\ude00"', '"😀"', '"\\\\\\\\ud800\\u00e9"']) assert.equal(parseJson(text), JSON.parse(text));
});
