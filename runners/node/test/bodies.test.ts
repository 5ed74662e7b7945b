import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as round } from 'node:timers/promises';
import {
  CancelReason,
  type Chunk,
  FailureKind,
  Feature,
  type Invoke,
  type Result,
  type RunnerEnvelope,
  TriggerKind,
} from '../src/_gen/runtime/runner/v1/runner.js';
import { EventEmitter } from 'node:events';
import { Bodies } from '../src/bodies.js';
import { Executor } from '../src/execute.js';
import { HostCalls } from '../src/hostcalls.js';
import { Logs } from '../src/logs.js';
import { Outbox } from '../src/outbox.js';
import { Prints } from '../src/prints.js';
import { decode, encode } from '../src/values.js';
import { Project } from './project.js';

const WINDOW = 1000;
const BOUNDS = {
  maxInFlight: 2,
  maxPayloadBytes: 1 << 20,
  chunkBytes: 1 << 16,
  maxQueuedBytes: 1 << 20,
  maxHostCalls: 2,
  bodyWindowBytes: WINDOW,
  maxBodies: 2,
};
const NEVER_MS = 3_600_000;
const project = new Project();
project.write({
  'steps/api.step.js': `
    exports.config = { type: 'api', name: 'A', method: 'GET', path: '/' }
    exports.handler = (req, ctx) => globalThis.answer(ctx)`,
  'steps/wrapped.step.js': `
    const twice = async function* (pieces) { for await (const piece of pieces) yield piece + piece }
    const around = async (req, ctx, next) => { const r = await next(); return { ...r, body: twice(r.body) } }
    exports.config = { type: 'api', name: 'W', method: 'GET', path: '/w', middleware: [around] }
    exports.handler = (req, ctx) => globalThis.answer(ctx)`,
  'steps/event.step.js': `
    exports.config = { type: 'event', name: 'E' }
    exports.handler = (input, ctx) => globalThis.answer(ctx)`,
});
const loaded = project.load(['steps/api.step.js', 'steps/wrapped.step.js', 'steps/event.step.js']);

/** The core's side: what the runner sent. */
class Core extends EventEmitter {
  readonly sent: RunnerEnvelope[] = [];
  readonly outbox = new Outbox(({ envelopes }, done) => {
    this.sent.push(...envelopes);
    this.emit('frame');
    setImmediate(done);
  }, BOUNDS);
  readonly calls = new HostCalls(this.outbox, BOUNDS);
  readonly bodies: Bodies;
  readonly executor: Executor;
  private lastId = 0n;

  constructor(features = [Feature.STREAMED_BODIES]) {
    super();
    const { outbox, calls } = this;
    this.bodies = new Bodies(outbox, BOUNDS, features);
    const logs = new Logs(outbox, project.root);
    const { bodies } = this;
    this.executor = new Executor({ root: project.root, bounds: BOUNDS, outbox, calls, bodies, logs, prints: new Prints(logs), loader: project.loader });
  }

  /** Runs a handler that answers with what the function gives. */
  async run(answer: (ctx: any) => unknown, stepFile = 'steps/api.step.js', trigger = TriggerKind.API): Promise<Result> {
    await loaded;
    (globalThis as { answer?: unknown }).answer = answer;
    const payload = encode({ method: 'GET', path: '/', pathParams: {}, queryParams: {}, headers: {}, form: 'none' }, '');
    const ids = { invocationId: ++this.lastId, traceId: 't', spanId: 's', idempotencyKey: '', stepName: 'S', triggerSource: '' };
    const rest = { triggerIndex: 0, payloadTransfer: 0n, attempt: 1, deadlineMs: 0, atomic: false };
    const id = this.lastId;
    this.executor.invoke({ stepFile, trigger, payload, ...ids, ...rest } satisfies Invoke);
    return this.found(() => this.results().find((result) => result.invocationId === id));
  }

  async body(body: () => unknown, rest = {}): Promise<Result> {
    const result = await this.run(() => ({ status: 200, ...rest, body: body() }));
    assert.equal(result.failure, undefined);
    assert.notEqual(result.bodyTransfer, 0n);
    return result;
  }

  /** The bytes of a body that ends well, or how it ended. */
  async whole(body: () => unknown, rest = {}): Promise<string> {
    return this.told(await this.body(body, rest));
  }

  async told({ bodyTransfer }: Result): Promise<string> {
    const { aborted } = await this.found(() => {
      const chunks = this.chunks(bodyTransfer);
      this.bodies.read({ transfer: bodyTransfer, bytes: lengthOf(chunks) });
      return chunks.find((chunk) => chunk.last || chunk.aborted !== undefined);
    });
    return aborted ? `${FailureKind[aborted.kind]}: ${aborted.message}` : this.text(bodyTransfer);
  }

  text(transfer: bigint): string {
    return Buffer.concat(this.chunks(transfer).map(({ data }) => data)).toString();
  }

  chunks(transfer: bigint): Chunk[] {
    return this.sent.flatMap(({ kind }) => (kind?.$case === 'chunk' && kind.value.transfer === transfer ? [kind.value] : []));
  }

  private results(): Result[] {
    return this.sent.flatMap(({ kind }) => (kind?.$case === 'result' ? [kind.value] : []));
  }

  private async found<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await once(this, 'frame');
    }
  }
}

const lengthOf = (chunks: Chunk[]): number => chunks.reduce((bytes, { data }) => bytes + data.length, 0);

async function settled(): Promise<void> {
  for (let n = 0; n < 20; n++) await round();
}

async function* ticks(): AsyncGenerator<string> {
  yield 'a';
  yield 'b';
}

function* plainTicks(): Generator<string> {
  yield 'a';
  yield 'b';
}

const BODIES: Record<string, () => unknown> = {
  'an async generator': ticks,
  'a generator': plainTicks,
  'an iterator': () => ['a', 'b'].values(),
  'an async iterable': () => ({ [Symbol.asyncIterator]: ticks }),
  'an async iterator by hand': () => {
    const left = ['a', 'b'];
    return { next: async () => (left.length > 0 ? { done: false, value: left.shift() } : { done: true, value: 'ignored' }) };
  },
  'a web stream': () => ReadableStream.from(['a', 'b']),
  'a Node stream': () => Readable.from(['a', 'b']),
  'bytes of each kind': async function* () {
    yield new Uint8Array([97]);
    yield new Uint8Array([98]).buffer;
    yield '';
  },
};
for (const [name, body] of Object.entries(BODIES)) {
  test(`a body is ${name}`, async () => assert.equal(await new Core().whole(body), 'ab'));
}

for (const body of [['a'], new Map([['a', 1]]), new Set(), 'text', Buffer.from('a'), { next: 1 }, null, undefined, 5]) {
  test(`no body of that kind: ${String(body)}`, () => {
    const bodies = new Bodies(new Core().outbox, BOUNDS, [Feature.STREAMED_BODIES]);
    assert.equal(bodies.takes({ body }), false);
    assert.equal(bodies.takes(body), false);
  });
}

test('the head comes before the first piece is there', async () => {
  const core = new Core();
  let goOn = (): void => undefined;
  const late = async function* (): AsyncGenerator<string> {
    await new Promise<void>((resolve) => (goOn = resolve));
    yield 'x';
  };
  const result = await core.body(late, { status: 202, headers: { 'x-a': 1 } });
  assert.deepEqual(decode(result.payload), { status: 202, headers: { 'x-a': '1' }, form: 'none' });
  assert.equal(core.chunks(result.bodyTransfer).length, 0);
  goOn();
  assert.equal(await core.told(result), 'x');
});

test('a producer waits while the window is shut', async () => {
  const core = new Core();
  let produced = 0;
  const { bodyTransfer } = await core.body(function* () {
    for (; produced < 5; produced++) yield Buffer.alloc(600, 'x');
  });
  await settled();
  assert.deepEqual([core.text(bodyTransfer).length, produced], [WINDOW, 1]);
  core.bodies.read({ transfer: bodyTransfer, bytes: 100 });
  await settled();
  assert.equal(core.text(bodyTransfer).length, WINDOW + 100);
  core.bodies.read({ transfer: 99n, bytes: 100 });
});

test('pieces that are there at once leave the loop to others', async () => {
  let turns = 0;
  let counting = true;
  const count = (): void => void (turns++, counting && setImmediate(count));
  await new Core().whole(function* () {
    count();
    for (let n = 0; n < 20_000; n++) yield '';
    counting = false;
  });
  assert.ok(turns > 3, String(turns));
});

test('a buffer may be used again after its piece', async () => {
  const body = async function* (): AsyncGenerator<Buffer> {
    const buffer = Buffer.from('a');
    yield buffer;
    buffer[0] = 'b'.charCodeAt(0);
    yield buffer;
  };
  assert.equal(await new Core().whole(body), 'ab');
});

/** Producers that go on until they are cancelled, and call `cleaned` when they clean up. */
const LASTING: Record<string, (cleaned: () => void, signal: AbortSignal) => unknown> = {
  'a generator at a piece': function* (cleaned) {
    try {
      for (;;) yield 'x'.repeat(WINDOW);
    } finally {
      cleaned();
    }
  },
  'an async generator that listens': async function* (cleaned, signal) {
    try {
      yield 'x';
      await once(signal, 'abort');
      throw signal.reason;
    } finally {
      cleaned();
    }
  },
  'an iterator with a return': (cleaned) => ({
    next: () => ({ value: 'x'.repeat(WINDOW) }),
    return: () => (cleaned(), { done: true }),
  }),
  'a web stream that is being read': (cleaned) => new ReadableStream({ cancel: cleaned }),
  'a Node stream that is being read': (cleaned) => new Readable({ read: () => undefined, destroy: (_, done) => (cleaned(), done(null)) }),
};
for (const [name, lasting] of Object.entries(LASTING)) {
  test(`cancel cleans up ${name}`, async () => {
    const core = new Core();
    let cleaned = 0;
    const result = await core.run((ctx) => ({ body: lasting(() => cleaned++, ctx.signal) }));
    await settled();
    assert.equal(core.executor.inFlight, 0, 'a body is not in flight');
    core.executor.cancel(result.invocationId, CancelReason.CLIENT_GONE, NEVER_MS);
    assert.match(await core.told(result), /^CANCELLED: the client has gone/);
    assert.deepEqual([cleaned, core.bodies.count], [1, 0]);
  });
}

test('a producer that ends by itself when cancelled has ended well', async () => {
  const core = new Core();
  const result = await core.run((ctx) => ({
    body: (async function* () {
      yield 'x';
      await once(ctx.signal, 'abort');
    })(),
  }));
  await settled();
  core.executor.cancel(result.invocationId, CancelReason.SHUTDOWN, NEVER_MS);
  assert.equal(await core.told(result), 'x');
});

test('what outlasts the grace is given up, and its late pieces with it', async () => {
  const core = new Core();
  let release = (): void => undefined;
  const result = await core.body(async function* () {
    yield 'x';
    await new Promise<void>((resolve) => (release = resolve));
    yield 'late';
  });
  core.executor.cancel(result.invocationId, CancelReason.SHUTDOWN, 1);
  assert.match(await core.told(result), /^CANCELLED/);
  release();
  await settled();
  assert.equal(core.chunks(result.bodyTransfer).filter(({ aborted }) => aborted !== undefined).length, 1);
  assert.ok(!core.text(result.bodyTransfer).includes('late'));
});

const BROKEN: [string, () => unknown, RegExp][] = [
  ['a throw', async function* () { throw new TypeError('dry'); }, /^HANDLER: dry/],
  ['a stream that breaks', () => new ReadableStream({ start: (it) => it.error(new Error('torn')) }), /^HANDLER: torn/],
  ['a piece', () => [5].values(), /^INVALID_OUTPUT: body piece 1 is a number; a piece is text or bytes$/],
  ['a cleanup that fails', function* () { try { yield 5; } finally { throw new Error('the cleanup'); } }, /^HANDLER: the cleanup/],
];
for (const [name, body, told] of BROKEN) {
  test(`gives a body up: ${name}`, async () => assert.match(await new Core().whole(body), told));
}

test('a response that cannot be sent produces nothing', async () => {
  const core = new Core();
  let closed = false;
  const body = { next: () => ({ value: 'x' }), return: () => void (closed = true) };
  const result = await core.run(() => ({ headers: 5, body }));
  assert.deepEqual([result.failure?.kind, result.bodyTransfer, closed], [FailureKind.INVALID_OUTPUT, 0n, true]);
  const long = await core.run(() => ({ headers: { a: 'x'.repeat(70_000) }, body: ticks() }));
  assert.match(String(long.failure?.message), /what goes before a streamed body comes to \d+ bytes; the limit is 65536/);
  const stream = ReadableStream.from(['a']);
  stream.getReader();
  assert.match(String((await core.run(() => ({ body: stream }))).failure?.message), /locked/);
});

test('bodies have a bound of their own', async () => {
  const core = new Core();
  const lasting = (): unknown => new ReadableStream();
  for (let n = 0; n < BOUNDS.maxBodies; n++) await core.body(lasting);
  const { failure } = await core.run(() => ({ body: ticks() }));
  assert.equal(failure?.kind, FailureKind.OVERLOADED);
  assert.equal((await core.run(() => ({ status: 204 }))).failure, undefined);
  core.executor.cancel(1n, CancelReason.CLIENT_GONE, NEVER_MS);
  await settled();
  assert.equal(await core.whole(ticks), 'ab');
});

test('middleware sees the body and may replace it', async () => {
  const core = new Core();
  const result = await core.run(() => ({ status: 200, body: ticks() }), 'steps/wrapped.step.js');
  assert.equal(await core.told(result), 'aabb');
});

test('nothing is streamed without the feature, or for an event', async () => {
  for (const [core, file, trigger] of [
    [new Core([]), 'steps/api.step.js', TriggerKind.API],
    [new Core(), 'steps/event.step.js', TriggerKind.EVENT],
  ] as const) {
    const { failure, bodyTransfer } = await core.run(() => ({ body: ticks() }), file, trigger);
    assert.deepEqual([failure?.kind, bodyTransfer], [FailureKind.INVALID_OUTPUT, 0n]);
    assert.match(String(failure?.message), /body/);
  }
});
