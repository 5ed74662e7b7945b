// What user code prints, on the way to the core.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type Log, LogLevel, type RunnerEnvelope } from '../src/_gen/runtime/runner/v1/runner.js';
import { Logs, MAX_LINE_BYTES } from '../src/logs.js';
import { Outbox } from '../src/outbox.js';
import { type Printer, Prints } from '../src/prints.js';

const sent: Log[] = [];
let isFull = false;
const outbox = {
  get full() {
    return isFull;
  },
  send: ({ kind }: RunnerEnvelope) => kind?.$case === 'log' && sent.push(kind.value),
} as unknown as Outbox;
const prints = new Prints(new Logs(outbox, '/project'));
/** What reaches the process's own output. */
const raw: string[] = [];
const { stdout } = process;
const writeRaw = stdout.write;
stdout.write = ((chunk: unknown) => raw.push(String(chunk)) > 0) as typeof stdout.write;
prints.install();
const write = stdout.write;
// The reports of the tests themselves go where they always go.
stdout.write = writeRaw;

/** Runs it as a run would; gives the lines that were sent. */
async function printed(work: (run: Printer) => unknown): Promise<[LogLevel, string][]> {
  sent.length = raw.length = 0;
  const run = { id: 7n, ended: false, invoke: { stepName: 'X', traceId: 't' } };
  stdout.write = write;
  try {
    await prints.as(run, async () => work(run));
    prints.finish(run);
  } finally {
    stdout.write = writeRaw;
  }
  assert.ok(sent.every(({ invocationId }) => invocationId === 7n || invocationId === 0n));
  return sent.map(({ level, message }) => [level, message]);
}

const INFO = LogLevel.INFO;
const WARN = LogLevel.WARN;

test('the console formats as Node does, without colours', async () => {
  const lines = await printed(() => {
    console.log('%s has %d', 'she', 3, { a: [1, { b: 2 }] });
    console.error(new Map([['k', 1]]));
    console.table([{ n: 1 }]);
  });
  assert.deepEqual(lines.slice(0, 2), [
    [INFO, 'she has 3 { a: [ 1, { b: 2 } ] }'],
    [WARN, "Map(1) { 'k' => 1 }"],
  ]);
  assert.equal(lines.length, 2 + 5);
});

test('lines end where they are broken, and at the end of the run', async () => {
  const lines = await printed(async () => {
    process.stdout.write('one ');
    await new Promise((resolve) => setImmediate(resolve));
    process.stderr.write('aside\r\n');
    process.stdout.write('line\n\nthe next\nand a rest');
  });
  assert.deepEqual(lines, [[WARN, 'aside'], [INFO, 'one line'], [INFO, ''], [INFO, 'the next'], [INFO, 'and a rest']]);
});

test('what comes as bytes is text, also where a character comes in parts', async () => {
  const [first, second] = [Buffer.from('grüße\n').subarray(0, 3), Buffer.from('grüße\n').subarray(3)];
  const lines = await printed(() => {
    process.stdout.write(first);
    process.stdout.write(second);
    process.stdout.write('c3a40a', 'hex');
  });
  assert.deepEqual(lines, [[INFO, 'grüße'], [INFO, 'ä']]);
});

test('write keeps its promises to its caller', async () => {
  await printed(async () => {
    assert.equal(process.stdout.write('a\n'), true);
    await new Promise<void>((resolve) => process.stdout.write('b\n', () => resolve()));
    await new Promise<void>((resolve) => process.stdout.write('c\n', 'utf8', () => resolve()));
    assert.throws(() => process.stderr.write(1 as never), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});

test('only the last state of a line that is drawn over and over is told', async () => {
  const lines = await printed(() => {
    for (let done = 0; done <= 100; done++) process.stderr.write(`\r${done} %`);
  });
  assert.deepEqual(lines, [[WARN, '100 %']]);
});

test('a line without an end is cut', async () => {
  const lines = await printed(() => {
    for (let part = 0; part < 100; part++) process.stdout.write('x'.repeat(10_000));
    process.stdout.write('\nshort\n');
    console.log('x'.repeat(MAX_LINE_BYTES));
    console.log('€'.repeat(MAX_LINE_BYTES));
  });
  const long = 'x'.repeat(MAX_LINE_BYTES);
  const euros = '€'.repeat(Math.floor(MAX_LINE_BYTES / 3));
  assert.deepEqual(lines.map(([, line]) => line), [`${long}…`, 'short', long, `${euros}…`]);
});

test('what is started by a run prints as the run, and with its step and trace once that has ended', async () => {
  let late = Promise.resolve();
  const lines = await printed(async (run) => {
    late = once(process, 'test').then(() => {
      stdout.write = write;
      console.log('late');
      stdout.write = writeRaw;
    });
    await Promise.all([1, 2].map(async (n) => console.log(n)));
    queueMicrotask(() => console.log('in time'));
    await null;
    Object.assign(run, { ended: true });
  });
  process.emit('test' as never);
  await late;
  assert.deepEqual(lines, [[INFO, '1'], [INFO, '2'], [INFO, 'in time']]);
  const { invocationId, stepName, traceId, message } = sent.at(-1) as Log;
  assert.deepEqual([invocationId, stepName, traceId, message, raw], [0n, 'X', 't', 'late', []]);
  assert.equal(sent[0]?.stepName, '');
});

test('what is printed outside of runs is left alone', async () => {
  await printed(() => prints.as(undefined, () => console.log('outside')));
  assert.deepEqual([sent, raw], [[], ['outside\n']]);
});

test('a flood is dropped and counted', async () => {
  isFull = true;
  await printed(() => {
    for (let line = 0; line < 1000; line++) console.log(line);
  });
  assert.deepEqual(sent, []);
  isFull = false;
  const lines = await printed(() => console.log('room again'));
  assert.deepEqual(lines, [[WARN, '1000 log lines were dropped: the core takes them more slowly'], [INFO, 'room again']]);
});
