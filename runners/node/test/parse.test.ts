import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInPieces } from '../src/parse.js';
import { parseJson } from '../src/request-json.js';
import { PIECE } from '../src/rounds.js';

/** The value, or the message of the error. */
async function outcome(work: () => unknown): Promise<unknown> {
  try {
    return { value: await work() };
  } catch (error) {
    return String(error);
  }
}

async function assertSame(text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const expected = await outcome(() => parseJson(bytes.toString()));
  assert.deepEqual(await outcome(() => parseInPieces(bytes)), expected, text.slice(0, 200));
}

/** A generator of numbers that starts anew with each seed (mulberry32). */
function randomness(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const TEXTS = ['', 'a', 'ä"\\', '\n\u0000', '😀', '\ud800', 'x'.repeat(999), '__proto__', '1', '[]{},:"'];

function randomValue(random: (below: number) => number, depth: number): unknown {
  const kind = random(depth > 4 ? 5 : 8);
  if (kind === 0) return [null, true, false, -0.5e-7, 12345678901, -9007199254740993n][random(6)];
  if (kind < 4) return TEXTS[random(TEXTS.length)];
  if (kind === 4) return (TEXTS[random(TEXTS.length)] ?? '').repeat(random(3 * PIECE) / 20);
  const members = Array.from({ length: random(12) }, () => randomValue(random, depth + 1));
  if (kind === 5) return members;
  return Object.fromEntries(members.map((member, i) => [`${TEXTS[random(TEXTS.length)]}${i % 5 || ''}`, member]));
}

/** JSON text with big integers. */
function stringified(value: unknown, space: number | string | undefined): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `big ${part}` : part), space);
  return text.replace(/"big (-?\d+)"/g, '$1');
}

const SPACES = [undefined, 1, '\t', '\r\n'];

test('any text gives what it gives in one piece, or its error', async () => {
  for (let seed = 0; seed < 80; seed++) {
    const random = randomness(seed);
    const text = stringified(randomValue(random, 0), SPACES[random(4)]);
    await assertSame(text);
    const cut = random(text.length + 1);
    const broken = ['', ',', ']', '}', '"', '\\', '\u0001', 'ä', '{', ':'][random(10)] ?? '';
    await assertSame(text.slice(0, cut) + broken + text.slice(cut + random(2)));
    await assertSame(text.slice(0, cut));
  }
});

test('what stands at the edge of a piece is not taken apart', async () => {
  for (let shift = -8; shift < 2; shift++) {
    for (const odd of ['\\u00e4', '\\\\', '\\"', 'ä', '😀', '\\ud83d\\ude00']) {
      const text = `"${'x'.repeat(PIECE + shift)}${odd}${'y'.repeat(PIECE)}"`;
      for (const whole of [text, `[${text}]`, `{"k":${text},"l":[${text},{${text}:0}]}`]) await assertSame(whole);
    }
  }
});

test('long lists, records, keys, numbers, spaces and nests are read', async () => {
  const list = Array.from({ length: 3 * PIECE }, (_, i) => i);
  await assertSame(JSON.stringify({ list, record: Object.fromEntries(list.map((i) => [`k${i}`, { i }])), more: [[list]] }));
  await assertSame(`{"a":1,"__proto__":${JSON.stringify(list)},"a":${JSON.stringify(list)},"a":2}`);
  await assertSame(`[${'1'.repeat(2 * PIECE)}]`);
  await assertSame(`[${' '.repeat(2 * PIECE)}1, 2${'\n'.repeat(2 * PIECE)}]`);
  await assertSame(`{"${'k'.repeat(2 * PIECE)}": 1}`);
  await assertSame(`${'['.repeat(50)}${JSON.stringify(list)}${']'.repeat(50)}`);
  await assertSame(`[${JSON.stringify(list)},]`);
  await assertSame(`[${JSON.stringify(list)}] 1`);
  await assertSame(`{"a":${JSON.stringify(list)},"b":9007199254740993,"c":[${'['.repeat(600)}${']'.repeat(600)}]}`);
});

test('other work goes on while a large text is read', async () => {
  const bytes = Buffer.from(JSON.stringify(Array.from({ length: 200_000 }, (_, i) => ({ id: i, name: 'ä'.repeat(i % 20) }))));
  let rounds = 0;
  let reading = true;
  const count = (): void => {
    rounds++;
    if (reading) setImmediate(count);
  };
  setImmediate(count);
  await parseInPieces(bytes);
  reading = false;
  assert(rounds > 5, `${rounds} rounds`);
});
