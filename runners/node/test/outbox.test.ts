import assert from 'node:assert/strict';
import { setImmediate as round } from 'node:timers/promises';
import { test } from 'node:test';
import type { RunnerEnvelope, RunnerFrame } from '../src/_gen/runtime/runner/v1/runner.js';
import { type MakeEnvelope, Outbox } from '../src/outbox.js';

const CHUNK = 1024;

/** A writer that takes a frame and waits until the test says that it is written. */
class Wire {
  readonly frames: RunnerFrame[] = [];
  private done: (() => void) | undefined;
  readonly outbox: Outbox;

  constructor(maxQueuedBytes = 1 << 30, chunkBytes = CHUNK) {
    this.outbox = new Outbox((frame, done) => {
      assert.equal(this.done, undefined, 'a frame was written before the previous one was done');
      this.frames.push(frame);
      this.done = done;
    }, { chunkBytes, maxQueuedBytes });
  }

  written(): void {
    const { done } = this;
    this.done = undefined;
    done?.();
  }

  async drain(): Promise<RunnerEnvelope[]> {
    await round();
    while (this.done !== undefined) this.written();
    return this.frames.flatMap((frame) => frame.envelopes);
  }
}

const log = (n: number): RunnerEnvelope => ({
  kind: { $case: 'log', value: { invocationId: BigInt(n), level: 2, message: '', data: Buffer.alloc(0), timeMs: 0, printed: 0n, stepName: '', traceId: '' } },
});
const result = (id: bigint): MakeEnvelope => (payload, payloadTransfer) => ({
  kind: { $case: 'result', value: { invocationId: id, payload, payloadTransfer, failure: undefined, bodyTransfer: 0n } },
});
const told = ({ kind }: RunnerEnvelope): string => {
  if (kind?.$case === 'chunk') return `chunk ${kind.value.transfer}${kind.value.last ? ' last' : ''}${kind.value.aborted ? ' aborted' : ''}`;
  if (kind?.$case === 'result') return `result ${kind.value.invocationId} by ${kind.value.payloadTransfer}`;
  return kind?.$case === 'log' ? `log ${kind.value.invocationId}` : String(kind?.$case);
};

test('a frame holds all that waited while the previous one was written', async () => {
  const wire = new Wire();
  wire.outbox.send(log(1));
  wire.outbox.send(log(2));
  await round();
  assert.deepEqual(wire.frames.map((frame) => frame.envelopes.map(told)), [['log 1', 'log 2']]);
  for (const n of [3, 4, 5]) wire.outbox.send(log(n));
  await round();
  assert.equal(wire.frames.length, 1);
  wire.written();
  assert.deepEqual(wire.frames[1]?.envelopes.map(told), ['log 3', 'log 4', 'log 5']);
});

test('a frame is bounded in envelopes and in bytes', async () => {
  const wire = new Wire(1 << 30, 600 << 10);
  for (let n = 0; n < 1000; n++) wire.outbox.send(log(n));
  for (let n = 0; n < 4; n++) wire.outbox.sendPayload(Buffer.alloc(600 << 10), result(BigInt(n)));
  const sent = await wire.drain();
  assert.deepEqual(wire.frames.map((frame) => frame.envelopes.length), [512, 490, 2]);
  assert.equal(sent.length, 1004);
});

test('a long payload goes as chunks, then the envelope that names it', async () => {
  const wire = new Wire();
  const payload = Buffer.from(Array.from({ length: 3 * CHUNK + 7 }, (_, i) => i % 251));
  wire.outbox.sendPayload(payload, result(9n));
  wire.outbox.sendPayload(Buffer.alloc(CHUNK), result(10n));
  const sent = await wire.drain();
  assert.deepEqual(sent.map(told), ['result 10 by 0', 'chunk 1', 'chunk 1', 'chunk 1', 'chunk 1 last', 'result 9 by 1']);
  const pieces = sent.flatMap(({ kind }) => (kind?.$case === 'chunk' ? [kind.value.data] : []));
  assert.deepEqual(Buffer.concat(pieces), payload);
});

test('transfers take turns and hold up nothing small', async () => {
  const wire = new Wire(1 << 30, 64 << 10);
  for (const id of [1n, 2n, 3n]) wire.outbox.sendPayload(Buffer.alloc(256 << 10), result(id));
  await round();
  wire.outbox.send(log(1));
  wire.written();
  assert.deepEqual(wire.frames.map((frame) => frame.envelopes.map(told)), [['chunk 1'], ['log 1']]);
  const sent = (await wire.drain()).map(told);
  const chunks = sent.filter((line) => line.startsWith('chunk')).map((line) => line[6]);
  assert.equal(chunks.join(''), '123123123123');
});

test('a long result does not overtake the lines logged before it', async () => {
  const wire = new Wire();
  for (let n = 0; n < 2000; n++) wire.outbox.send(log(1));
  wire.outbox.sendPayload(Buffer.alloc(2 * CHUNK), result(1n));
  const sent = (await wire.drain()).map(told);
  assert.equal(sent.at(-1), 'result 1 by 1');
  assert.equal(sent.length, 2003);
});

test('a transfer that is no longer wanted is given up', async () => {
  const wire = new Wire();
  let wanted = true;
  const heard: number[] = [];
  const sender = (number: number) => ({ wanted: () => wanted, givenUp: () => heard.push(number) });
  wire.outbox.sendPayload(Buffer.alloc(200 * CHUNK), result(1n), sender(1));
  wire.outbox.sendPayload(Buffer.alloc(2 * CHUNK), result(2n), sender(2));
  await round();
  wanted = false;
  const sent = (await wire.drain()).map(told);
  assert.deepEqual(sent, ['chunk 1', 'chunk 2', 'chunk 1 aborted', 'chunk 2 aborted']);
  assert.deepEqual(heard, [1, 2]);
});

test('producers wait while too much is queued', async () => {
  const wire = new Wire(10_000);
  wire.outbox.sendPayload(Buffer.alloc(20_000), result(1n));
  assert.equal(wire.outbox.full, true);
  let waited = false;
  const room = wire.outbox.room().then(() => (waited = true));
  await round();
  assert.equal(waited, false);
  await wire.drain();
  await room;
  assert.equal(wire.outbox.full, false);
});

test('the last envelope follows everything and nothing follows it', async () => {
  const wire = new Wire();
  wire.outbox.sendPayload(Buffer.alloc(3 * CHUNK), result(1n));
  const finished = wire.outbox.finish({ kind: { $case: 'bye', value: { reason: 1, message: '' } } });
  await wire.drain();
  await round();
  wire.outbox.send(log(1));
  const sent = (await wire.drain()).map(told);
  await finished;
  assert.deepEqual(sent.slice(-2), ['result 1 by 1', 'bye']);
});

test('a payload in pieces goes out whole, each piece in chunks of its own', async () => {
  const wire = new Wire();
  const pieces = [Buffer.alloc(CHUNK + 1, 1), Buffer.alloc(3, 2), Buffer.alloc(CHUNK, 3)];
  wire.outbox.sendPayload(pieces, result(1n));
  const chunks = (await wire.drain()).flatMap(({ kind }) => (kind?.$case === 'chunk' ? [kind.value] : []));
  assert.deepEqual(Buffer.concat(chunks.map((chunk) => chunk.data)), Buffer.concat(pieces));
  assert(chunks.every((chunk) => chunk.data.length <= CHUNK));
  assert.deepEqual(chunks.map((chunk) => chunk.last), [false, false, false, true]);
});

const bodyResult = (bodyTransfer: bigint): RunnerEnvelope => ({
  kind: { $case: 'result', value: { invocationId: 9n, payload: Buffer.alloc(0), payloadTransfer: 0n, failure: undefined, bodyTransfer } },
});

test('a body follows its result and ends behind the lines of its run', async () => {
  const wire = new Wire();
  wire.outbox.sendPayload(Buffer.alloc(3 * CHUNK), result(1n));
  const body = wire.outbox.beginBody(bodyResult, 0);
  wire.outbox.addToBody(body, Buffer.alloc(CHUNK + 1));
  wire.outbox.send(log(5));
  wire.outbox.endBody(body, undefined);
  const sent = (await wire.drain()).map(told);
  const end = sent.indexOf(`chunk ${body.id} last`);
  assert.ok(sent.indexOf('result 9 by 0') < sent.indexOf(`chunk ${body.id}`), sent.join());
  assert.ok(sent.indexOf('log 5') < end && sent.indexOf(`chunk ${body.id}`) < end, sent.join());
});

test('small pieces of a body gather while the writer is busy', async () => {
  const wire = new Wire();
  const body = wire.outbox.beginBody(bodyResult, 0);
  await round();
  for (let n = 0; n < 5; n++) wire.outbox.addToBody(body, Buffer.from('ab'));
  wire.outbox.endBody(body, undefined);
  const chunks = (await wire.drain()).flatMap(({ kind }) => (kind?.$case === 'chunk' ? [kind.value] : []));
  assert.deepEqual(chunks.map(({ data, last }) => [data.toString(), last]), [['ab'.repeat(5), true]]);
});
