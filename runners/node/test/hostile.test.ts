import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError } from '../sdk/index.js';
import { FailureKind, Feature, type RunnerEnvelope, type Result, TriggerKind } from '../src/_gen/runtime/runner/v1/runner.js';
import { Bodies } from '../src/bodies.js';
import { Executor } from '../src/execute.js';
import { HostCalls } from '../src/hostcalls.js';
import type { Loader } from '../src/loader.js';
import { Logs } from '../src/logs.js';
import { Outbox } from '../src/outbox.js';
import { Prints } from '../src/prints.js';
import { decode, encode } from '../src/values.js';

const BOUNDS = { maxInFlight: 4, maxPayloadBytes: 1 << 20, chunkBytes: 1 << 20, maxQueuedBytes: 1 << 20, maxHostCalls: 2, bodyWindowBytes: 1000, maxBodies: 2 };
const REQUEST = encode({ method: 'GET', path: '/', pathParams: {}, queryParams: {}, headers: {}, form: 'none' }, '');

/** Runs a handler once; gives every result that was sent. */
async function results(handler: () => unknown, trigger = TriggerKind.API, features: Feature[] = []): Promise<Result[]> {
  const sent: RunnerEnvelope[] = [];
  let ended!: () => void;
  const result = new Promise<void>((resolve) => (ended = resolve));
  const write = ({ envelopes }: { envelopes: RunnerEnvelope[] }, done: () => void): void => {
    sent.push(...envelopes);
    if (envelopes.some(({ kind }) => kind?.$case === 'result')) ended();
    setImmediate(done);
  };
  const outbox = new Outbox(write, BOUNDS);
  const calls = new HostCalls(outbox, BOUNDS);
  const loader = { step: () => ({ file: 'a.step.js', handler, middleware: [], flows: [] }) } as unknown as Loader;
  const bodies = new Bodies(outbox, BOUNDS, features);
  const logs = new Logs(outbox, '/project');
  const executor = new Executor({ root: '/project', bounds: BOUNDS, outbox, calls, bodies, logs, prints: new Prints(logs), loader });
  const ids = { invocationId: 1n, traceId: 't', spanId: 's', idempotencyKey: '', stepName: 'S', triggerSource: '', stepFile: 'a' };
  executor.invoke({ ...ids, trigger, payload: REQUEST, triggerIndex: 0, payloadTransfer: 0n, attempt: 1, deadlineMs: 0, atomic: false });
  await result;
  await new Promise((resolve) => setImmediate(resolve));
  const chunks = sent.flatMap(({ kind }) => (kind?.$case === 'chunk' ? [kind.value.data] : []));
  return sent.flatMap(({ kind }) => {
    if (kind?.$case !== 'result') return [];
    return [kind.value.payloadTransfer === 0n ? kind.value : { ...kind.value, payload: Buffer.concat(chunks) }];
  });
}

const TRAPS = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor'] as const;
const PROPERTIES = ['then', 'toJSON', 'body', 'status', 'headers', 'next', 'message', 'stack', 'cause', 'name', 'constructor'];
const SYMBOLS = [Symbol.asyncIterator, Symbol.iterator, Symbol.toStringTag, Symbol.toPrimitive, Symbol.for('nodejs.util.inspect.custom')];

/** Objects that throw, themselves in the worst case, when one looks at them. */
function* family(): Generator<any> {
  for (const target of [{}, [], () => undefined, new Error('e'), new HttpError(400, 'b'), new Map(), new Uint8Array(2)]) {
    for (const trap of TRAPS) {
      const hostile: any = new Proxy(target, { [trap]: () => { throw hostile; } });
      yield hostile;
    }
  }
  const steps = (): object => ({ next: () => ({ done: true }), return: () => undefined });
  for (const make of [steps, (): object => ({ status: 200, body: { a: 1 } }), (): object => [1], (): object => new Error('e'), (): object => new HttpError(409, 'b')]) {
    for (const name of [...PROPERTIES, ...SYMBOLS]) {
      const hostile = make();
      yield Object.defineProperty(hostile, name, { get: () => { throw hostile; }, configurable: true });
      yield Object.defineProperty(make(), name, { value: () => { throw make(); } });
      yield Object.defineProperty(make(), name, { value: 'odd' });
    }
  }
}

/** Where a handler may put a thing. */
const answers = (thing: any): unknown[] => [
  { status: 200, body: thing },
  { status: 200, body: { a: [thing] } },
  { status: thing, body: 'x' },
  { status: 200, headers: thing, body: 'x' },
  { status: 200, headers: { a: thing }, body: 'x' },
];

test('each run has one result, whatever it returns or throws', async () => {
  for (const trigger of [TriggerKind.API, TriggerKind.EVENT]) {
    for (const thing of family()) {
      const handlers: (() => unknown)[] = [() => thing, () => { throw thing; }, async () => { throw new HttpError(409, thing); }];
      for (const answer of answers(thing)) handlers.push(() => answer);
      for (const handler of handlers) {
        for (const features of [[], [Feature.STREAMED_BODIES]]) assert.equal((await results(handler, trigger, features)).length, 1);
      }
    }
  }
});

test('a thing that throws when it is returned is the output that is wrong', async () => {
  const [result] = await results(() => ({ get body() { throw new Error('secret'); } }));
  assert.equal(result?.failure?.kind, FailureKind.INVALID_OUTPUT);
});

const thrown = async (body: unknown): Promise<Result> => (await results(() => { throw new HttpError(409, body); }))[0] as Result;

test('an HttpError answers as if its body had been returned', async () => {
  for (const [body, expected] of [
    ['text', 'text'],
    [Buffer.from('ab'), Buffer.from('ab')],
    [{ at: new Date(0), none: undefined, nan: NaN }, { at: '1970-01-01T00:00:00.000Z', nan: null }],
    [new Map([['a', 9007199254740993n]]), { a: 9007199254740993n }],
    [{ toJSON: () => ({ a: 1 }) }, { a: 1 }],
    [null, null],
  ]) {
    const { failure } = await thrown(body);
    assert.deepEqual([failure?.kind, failure?.httpStatus], [FailureKind.NON_RETRIABLE, 409]);
    assert.deepEqual(decode(failure?.httpBody as Buffer), expected);
  }
  assert.equal((await thrown(undefined)).failure?.httpBody.length, 0);
});

test('what a failure cannot carry goes as a response', async () => {
  for (const body of ['x'.repeat(300_000), { text: 'x'.repeat(300_000) }, Buffer.alloc(300_000), { big: 2n ** 64n }]) {
    const { failure, payload } = await thrown(body);
    assert.equal(failure, undefined);
    const headers = typeof body === 'string' ? { 'content-type': 'text/plain; charset=utf-8' } : undefined;
    const [returned] = await results(() => ({ status: 409, headers, body }));
    assert.deepEqual(decode(payload), decode(returned?.payload as Buffer));
    assert.equal((decode(payload) as { status: number }).status, 409);
  }
});

test('an HttpError with a body that cannot be sent is the fault of the step', async () => {
  for (const [body, why] of [
    [new Set(), /body is of type Set/],
    [{ a: new Uint8Array(1) }, /body\.a is of type Uint8Array/],
    ['\ud800', /body holds a lone surrogate/],
    [(function* () {})(), /body is of type Generator/],
    ['x'.repeat(2 << 20), /the limit is/],
  ] as const) {
    const { failure } = await thrown(body);
    assert.deepEqual([failure?.kind, failure?.httpStatus, failure?.retryable], [FailureKind.INVALID_OUTPUT, 0, false]);
    assert.match(failure?.message ?? '', why);
  }
});

test('a lone surrogate is refused in every body', async () => {
  for (const [body, place] of [
    ['\ud800', 'body'],
    [{ a: ['x\udfff'] }, 'body.a[0]'],
    [{ '\ud800': 1 }, 'body["\\ud800"]'],
    [[`${'x'.repeat(300_000)}\ud800`], 'body[0]'],
  ] as const) {
    const [result] = await results(() => ({ status: 200, body }));
    assert.equal(result?.failure?.message, `${place} holds a lone surrogate, which is no text`);
  }
  const [result] = await results(() => ({ status: 200, body: { a: '\\ud800 😀' } }));
  assert.equal(result?.failure, undefined);
});
