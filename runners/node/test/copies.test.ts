// Copies of what runs print, in the process's own output.

import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Log, LogLevel, type RunnerEnvelope } from '../src/_gen/runtime/runner/v1/runner.js';
import { Copies } from '../src/copies.js';
import { Logs } from '../src/logs.js';
import { Outbox } from '../src/outbox.js';
import { Prints } from '../src/prints.js';

const { INFO, WARN } = LogLevel;

/** What a run prints, as its logs and as the copies in a file. */
class Printed {
  readonly sent: Log[] = [];
  readonly outbox = { full: false, send: ({ kind }: RunnerEnvelope) => kind?.$case === 'log' && this.sent.push(kind.value) };
  readonly run = { id: 7n, ended: false, invoke: { stepName: 'X', traceId: 't' } };
  private readonly file = join(tmpdir(), `copies-${process.pid}-${performance.now()}`);
  readonly descriptor = openSync(this.file, 'a');
  readonly prints = new Prints(
    new Logs(this.outbox as unknown as Outbox, '/project'),
    new Copies('s', new Map([[INFO, this.descriptor]])),
  );

  add(...texts: string[]): this {
    for (const text of texts) this.prints.add(this.run, INFO, text);
    return this;
  }

  get copies(): string[] {
    return readFileSync(this.file, 'utf8').replaceAll('\x1es;', '').replaceAll('\x1f', ' ').split('\n').slice(0, -1);
  }

  get numbers(): bigint[] {
    return this.sent.map(({ printed }) => printed);
  }
}

test('each line has a copy with its number, and a piece without an end one too', () => {
  const printed = new Printed().add('one\ntwo', '\nthr', 'ee');
  assert.deepEqual(printed.copies, ['1;7 one', '0;7 two', '2;7 ', '0;7 thr', '0;7 ee']);
  printed.prints.finish(printed.run);
  assert.deepEqual(printed.copies.slice(-1), ['3;7 ']);
  assert.deepEqual(printed.numbers, [1n, 2n, 3n]);
});

test('a long line is copied in pieces that a pipe takes as a whole', () => {
  const printed = new Printed().add(`${'ä'.repeat(5000)}\n`);
  const pieces = printed.copies.map((copy) => copy.slice(4));
  assert.equal(printed.copies.length, 3);
  assert.deepEqual(printed.copies.map((copy) => copy.slice(0, 4)), ['0;7 ', '0;7 ', '1;7 ']);
  assert.equal(pieces.join('').replaceAll('\uFFFD', '').length >= 4996, true);
});

test('a line that is drawn over is copied from its last beginning', () => {
  assert.deepEqual(new Printed().add('1 %\r2 %\r3 %\r\n').copies, ['1;7 \r3 %\r']);
});

test('a line with a copy is dropped in a flood without a word', () => {
  const printed = new Printed();
  printed.outbox.full = true;
  printed.add('one\n', 'two\n');
  printed.outbox.full = false;
  printed.add('three\n');
  assert.deepEqual(printed.numbers, [3n]);
  assert.equal(printed.copies.length, 3);
});

test('without a place for copies lines are sent without them', () => {
  const printed = new Printed().add('one\n');
  closeSync(printed.descriptor);
  printed.add('two\n', 'three\n');
  printed.prints.add(printed.run, WARN, 'aside\n');
  assert.deepEqual(printed.numbers, [1n, 0n, 0n, 0n]);
});
