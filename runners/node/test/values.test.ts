import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UnsendableError } from '../src/refusal.js';
import { decode, encode } from '../src/values.js';

const roundTrip = (value: unknown): unknown => decode(encode(value, 'value'));
const hex = (value: unknown): string => encode(value, 'value').toString('hex');

function refused(value: unknown, message: string | RegExp): void {
  assert.throws(() => encode(value, 'data'), (error: unknown) => {
    assert.ok(error instanceof UnsendableError);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  });
}

test('values come back as they were sent', () => {
  const integers = [0, 1, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, 1700000000000, Number.MAX_SAFE_INTEGER];
  const texts = ['', 'a', 'x'.repeat(24), 'x'.repeat(31), 'é'.repeat(16), 'x'.repeat(255), 'ü'.repeat(70000), '😀', '\u0000'];
  const values = [
    ...integers,
    ...integers.map((value) => -value - 1).filter(Number.isSafeInteger),
    ...texts,
    ...[1.5, -0.1, Infinity, -Infinity, 1e300, true, false, null],
    ...[2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n)],
    ...[[], [1, [2, [3]]], {}, { a: { b: [null] }, 'with space': 1, '': 2 }],
    ...[Buffer.alloc(0), Buffer.from([0, 255]), Buffer.alloc(300, 7), Buffer.alloc(70000, 9)],
    ...[Array.from({ length: 20 }, (_, i) => i), Array.from({ length: 70000 }, (_, i) => i)],
    Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key${i}`, i])),
    Object.fromEntries(Array.from({ length: 70000 }, (_, i) => [`key${i}`, i])),
  ];
  for (const value of values) assert.deepEqual(roundTrip(value), value);
  assert.ok(Number.isNaN(roundTrip(NaN)));
});

test('integers take the shortest form', () => {
  const forms: [number | bigint, string][] = [
    [127, '7f'],
    [128, 'cc80'],
    [256, 'cd0100'],
    [65536, 'ce00010000'],
    [2 ** 32, 'cf0000000100000000'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-129, 'd1ff7f'],
    [-32769, 'd2ffff7fff'],
    [-(2 ** 31) - 1, 'd3ffffffff7fffffff'],
    [5n, '05'],
    [2n ** 64n - 1n, 'cfffffffffffffffff'],
    [-(2n ** 63n), 'd38000000000000000'],
  ];
  for (const [value, form] of forms) assert.equal(hex(value), form, String(value));
});

test('dates, maps, classes and toJSON become what they mean', () => {
  class Point {
    constructor(
      readonly x: number,
      readonly y: number,
    ) {}
    get length(): number {
      return Math.hypot(this.x, this.y);
    }
  }
  assert.equal(roundTrip(new Date(0)), '1970-01-01T00:00:00.000Z');
  assert.deepEqual(roundTrip(new Map<unknown, unknown>([['a', 1], [7, 2], ['gone', undefined]])), { a: 1, 7: 2 });
  assert.deepEqual(roundTrip(new Point(3, 4)), { x: 3, y: 4 });
  assert.equal(roundTrip(new URL('https://a.b/c')), 'https://a.b/c');
  assert.deepEqual(roundTrip({ money: { toJSON: () => ({ cents: 5 }) } }), { money: { cents: 5 } });
  assert.deepEqual(roundTrip(new Uint16Array([1, 2]).buffer), Buffer.from([1, 0, 2, 0]));
});

test('undefined is left out of maps and null elsewhere', () => {
  assert.deepEqual(roundTrip({ a: undefined, b: 1 }), { b: 1 });
  const wide = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, i % 2 ? i : undefined]));
  assert.equal(Object.keys(roundTrip(wide) as object).length, 20);
  assert.deepEqual(roundTrip([undefined]), [null]);
  assert.equal(roundTrip(undefined), null);
  assert.equal(decode(Buffer.alloc(0)), null);
});

test('a key named __proto__ is a key like any other', () => {
  const value = JSON.parse('{"__proto__": {"admin": true}, "a": 1}') as object;
  const back = roundTrip(value) as object;
  assert.equal(Object.getPrototypeOf(back), Object.prototype);
  assert.deepEqual(Object.keys(back), ['__proto__', 'a']);
});

test('what cannot be sent is refused by its place', () => {
  refused({ items: [1, 2, 3, { run() {} }] }, 'data.items[3].run is a function, which cannot be sent');
  refused({ 'a b': Symbol('x') }, 'data["a b"] is a symbol, which cannot be sent');
  refused({ tags: new Set([1]) }, 'data.tags is of type Set, which cannot be sent');
  refused([Promise.resolve(1)], 'data[0] is a Promise, which cannot be sent; await it first');
  refused({ text: 'a\ud800' }, /^data\.text holds a lone surrogate/);
  refused(2n ** 64n, /outside -2\^63 to 2\^64-1/);
  refused({ at: new Date(NaN) }, 'data.at is an invalid date');
  refused(new Map([[{}, 1]]), /keys are strings or integers/);
  refused(new Map([['a', () => 1]]), /^data\.a is a function/);
});

test('cycles and deep values are refused, values used twice are not', () => {
  const loop: { next: { back?: unknown } } = { next: {} };
  loop.next.back = loop;
  refused(loop, 'data.next.back contains itself');
  const nest = (depth: number): unknown => (depth === 0 ? 1 : [nest(depth - 1)]);
  assert.deepEqual(roundTrip(nest(512)), nest(512));
  refused(nest(513), /nested deeper than 512$/);
  const shared = { a: 1 };
  assert.deepEqual(roundTrip([shared, shared]), [shared, shared]);
});

test('a substitute stands in for what cannot be sent', () => {
  const bytes = encode({ a: [new Set([1]), 2] }, 'data', (value) => `(${(value as object).constructor.name})`);
  assert.deepEqual(decode(bytes), { a: ['(Set)', 2] });
});

test('a toJSON that encodes something itself does no harm', () => {
  const value = { a: 1, inner: { toJSON: () => hex({ deep: 'x'.repeat(100) }).length }, b: 2 };
  assert.deepEqual(roundTrip(value), { a: 1, inner: hex({ deep: 'x'.repeat(100) }).length, b: 2 });
});

test('malformed bytes are refused', () => {
  const cut = encode({ key: 'some text that is long enough' }, 'value');
  for (let length = 1; length < cut.length; length++) assert.throws(() => decode(cut.subarray(0, length)), /cut short/);
  assert.throws(() => decode(Buffer.from([1, 2])), /1 bytes follow/);
  assert.throws(() => decode(Buffer.from('d600000000ff', 'hex')), /extension types/);
  assert.throws(() => decode(Buffer.from('c1', 'hex')), /0xc1/);
});
