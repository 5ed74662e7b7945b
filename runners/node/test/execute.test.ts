import assert from 'node:assert/strict';
import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { VersionConflict } from '../sdk/errors.js';
import {
  CancelReason,
  FailureKind,
  type HostCall,
  HostOp,
  type Invoke,
  type Log,
  type Result,
  type RunnerEnvelope,
  TriggerKind,
} from '../src/_gen/runtime/runner/v1/runner.js';
import { Bodies } from '../src/bodies.js';
import { adopt, HostCalls, Run } from '../src/hostcalls.js';
import { Executor } from '../src/execute.js';
import { failureOf } from '../src/failure.js';
import type { Step } from '../src/loader.js';
import { Logs } from '../src/logs.js';
import { Outbox } from '../src/outbox.js';
import { Prints } from '../src/prints.js';
import { decode, encode } from '../src/values.js';
import { Project, SDK } from './project.js';

const BOUNDS = { maxInFlight: 4, maxPayloadBytes: 1000, chunkBytes: 1 << 16, maxQueuedBytes: 1 << 20, maxHostCalls: 2, bodyWindowBytes: 1000, maxBodies: 2 };
const EMPTY = Buffer.alloc(0);
const project = new Project();
project.write({
  'steps/event.step.js': `
    exports.config = { type: 'event', name: 'E', flows: ['f'] }
    exports.handler = (input, ctx) => eval('(async (ctx) => {' + input + '})')(ctx)`,
  'steps/api.step.js': `
    const around = (name) => async (req, ctx, next) => { req.seen.push(name); const r = await next(); r.body.push(name); return r }
    const first = async (req, ctx, next) => { req.seen = []; await next() }
    const twice = async (req, ctx, next) => { if (req.queryParams.twice) await next(); return next() }
    exports.config = { type: 'api', name: 'A', method: 'GET', path: '/', middleware: [first, around('a'), twice, around('b')] }
    exports.handler = (req) => ({ status: 200, body: [...req.seen, 'handler'] })`,
  'steps/cron.step.js': `
    exports.config = { type: 'cron', name: 'C', cron: '@daily' }
    exports.handler = (ctx) => ctx.trigger.type`,
  'steps/triggers.step.js': `
    exports.config = { name: 'T', triggers: [{ type: 'cron', cron: '@daily' }, { type: 'event', topic: 't' }] }
    exports.handler = (input, ctx) => [input, ctx.trigger.type]`,
  'steps/none.step.js': "exports.config = { type: 'noop', name: 'N' }",
});

/** The core's side of the executor: what the runner sent, and answers to host calls. */
class Core extends EventEmitter {
  readonly sent: RunnerEnvelope[] = [];
  readonly outbox = new Outbox(({ envelopes }, done) => {
    this.sent.push(...envelopes);
    for (const { kind } of envelopes) if (kind !== undefined) this.emit(kind.$case, kind.value);
    setImmediate(done);
  }, BOUNDS);
  readonly calls = new HostCalls(this.outbox, BOUNDS);
  readonly executor: Executor;
  private lastId = 0n;
  private readonly onStray = (error: unknown): void => assert.ok(adopt(error), String(error));

  constructor(answers = true) {
    super();
    const { outbox, calls } = this;
    const bodies = new Bodies(outbox, BOUNDS, []);
    const logs = new Logs(outbox, project.root);
    this.executor = new Executor({ root: project.root, bounds: BOUNDS, outbox, calls, bodies, logs, prints: new Prints(logs), loader: project.loader });
    if (answers) this.on('hostCall', (call: HostCall) => this.answer(call));
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', this.onStray);
  }

  answer({ callId, op, target, key }: HostCall): void {
    const failure = target === 'bad' ? failureOf(FailureKind.REFUSED, 'no such topic') : undefined;
    const conflict = key === 'taken' ? failureOf(FailureKind.CONFLICT, 'version 2 is stored') : undefined;
    const payload = op === HostOp.EMIT ? encode('event-id', '') : EMPTY;
    this.calls.answer({ callId, payload: failure ? EMPTY : payload, payloadTransfer: 0n, failure: failure ?? conflict });
  }

  start(stepFile: string, payload: Buffer, trigger = TriggerKind.EVENT): bigint {
    const ids = { invocationId: ++this.lastId, traceId: 't', spanId: 's', idempotencyKey: '', stepName: 'S', triggerSource: 'topic' };
    const rest = { triggerIndex: 0, payloadTransfer: 0n, attempt: 1, deadlineMs: 0, atomic: false };
    this.executor.invoke({ stepFile, trigger, payload, ...ids, ...rest } satisfies Invoke);
    return this.lastId;
  }

  async result(id: bigint): Promise<Result> {
    for (;;) {
      const found = this.sent.flatMap(({ kind }) => (kind?.$case === 'result' && kind.value.invocationId === id ? [kind.value] : []));
      if (found.length > 0) return found[0] as Result;
      await once(this, 'result');
    }
  }

  /** Runs code as the body of an event handler with `ctx`. */
  run(code: string): Promise<Result> {
    return this.result(this.start('steps/event.step.js', encode(code, '')));
  }
}

const loaded = project.load(['steps/event.step.js', 'steps/api.step.js', 'steps/none.step.js', 'steps/cron.step.js', 'steps/triggers.step.js']);
const value = ({ payload, failure }: Result): unknown => (failure ? `${FailureKind[failure.kind]}: ${failure.message}` : decode(payload));

function request(queryParams = {}): Buffer {
  return encode({ method: 'GET', path: '/', pathParams: {}, queryParams, headers: {}, form: 'none' }, '');
}

test('middleware runs in order around the handler', async () => {
  await loaded;
  const core = new Core();
  const result = await core.result(core.start('steps/api.step.js', request(), TriggerKind.API));
  assert.equal(String((value(result) as { body: Buffer }).body), '["a","b","handler","b","a"]');
  const twice = await core.result(core.start('steps/api.step.js', request({ twice: '1' }), TriggerKind.API));
  assert.equal(value(twice), 'HANDLER: middleware 3 of steps/api.step.js called next() twice');
});

test('parts of the context can be shown, awaited and searched', async () => {
  const core = new Core();
  const shown = await core.run(`
    const { state, stream, streams } = ctx
    for (const part of [await state, stream, await streams.chat]) {
      require('node:util').inspect(part, { depth: 5 })
      JSON.stringify(part)
      if ('other' in part || part.hasOwnProperty('other') || !(part instanceof Object)) throw new Error(String(part))
      part.own = 1
    }
    return [ctx.state.own, Object.keys(ctx.stream)]`);
  assert.deepEqual(value(shown), [1, ['write', 'close', 'own']]);
});

test('a handler gets its context and its host calls answered', async () => {
  const core = new Core();
  const result = await core.run(`
    const id = await ctx.emit({ topic: 'x', data: 1, delay: new Date(0) })
    return [id, await ctx.state.set('k', 5), await ctx.state.get('g', 7), ctx.trigger, ctx.flows, ctx.attempt, ctx.signal.aborted]`);
  assert.deepEqual(value(result), ['event-id', 5, null, { type: 'event', index: 0, source: 'topic' }, ['f'], 1, false]);
  const calls = core.sent.flatMap(({ kind }) => (kind?.$case === 'hostCall' ? [kind.value] : []));
  assert.deepEqual(calls.map((call) => [call.op, call.target, call.group, call.key]), [
    [HostOp.EMIT, 'x', '', ''],
    [HostOp.STATE_SET, '', 'default', 'k'],
    [HostOp.STATE_GET, '', 'g', '7'],
  ]);
  assert.deepEqual(decode(calls[0]?.options as Buffer), { delay: '1970-01-01T00:00:00.000Z' });
});

const REFUSED: Record<string, RegExp> = {
  "await ctx.emit('x', 1, { delai: 1 })": /no option "delai"; the options are messageGroupId, delay, idempotencyKey, priority/,
  "await ctx.emit({ data: 1 })": /topic must be a text that is not empty, got undefined/,
  "await ctx.emit('x', { a: () => 1 })": /^HANDLER: data\.a is a function/,
  "await ctx.state.get({})": /state\.get: key must be a text, got a object/,
  "await ctx.state.get('g', 1.5)": /state\.get: key must be a text or a whole number, got 1\.5/,
  "await ctx.streams.chat.get(NaN, 'k')": /groupId must be a text or a whole number, got NaN/,
  "await ctx.streams.chat.set('g')": /streams\.chat\.set: id must be a text, got undefined/,
  "await ctx.state.update('g', 'k', {})": /operations must be a list/,
  "await ctx.state.set('k', 'x'.repeat(2000))": /the value of state\.set comes to 2003 bytes; the limit is 1000 bytes/,
  "await ctx.state.set('k', {}, { tll: 1 })": /state\.set: there is no option "tll"; the options are ttl, ifVersion/,
  "await ctx.state.set('g', undefined, { ttl: 1 })": /state\.set: key must be a text, got undefined/,
  "await ctx.state.set('g', null, { ttl: 1 })": /state\.set: key must be a text, got null/,
  "await ctx.state.set('g', 'k', 1, { ifVersion: undefined })": /ifVersion must be a version that getEntry gave, or 0 for when there is no value, got undefined/,
  "await ctx.stream.write('a', { b: 1 })": /stream\.write: text must be a string, got a object; make it one/,
  "await ctx.stream.write('a', 1)": /stream\.write: text must be a string, got a number/,
  "await ctx.stream.write('a', '\\ud800')": /^HANDLER: text holds a lone surrogate/,
  "await ctx.stream.write('', 'b')": /stream\.write: id must be a text that is not empty/,
  "await ctx.stream.write('a', ctx.state.get('k'))": /text must be a string, got a Promise; await it first$/,
  "await ctx.state.get(Promise.resolve('k'))": /state\.get: key must be a text, got a Promise; await it first/,
  "await ctx.emit(Promise.resolve({}))": /emit: the event must be an object, got a Promise; await it first/,
  "await ctx.streams.chat.send('lobby', { type: 'x' })":
    /streams\.chat\.send: the channel must be an object, \{ groupId: 'the group' \}, with an id beside it for one item, got a string/,
  "await ctx.streams.chat.send({ group: 'lobby' }, { type: 'x' })": /groupId of the channel must be a text, got undefined; the channel is \{ groupId/,
  "await ctx.streams.chat.send({ groupId: 'lobby' }, 'x')": /the event must be an object, \{ type: 'a name', data: \.\.\. \}, got a string/,
  "await ctx.streams.chat.send({ groupId: 'lobby' }, { data: 1 })": /event\.type must be a text, got undefined; the event is \{ type/,
  "await ctx.stream.close()": /stream\.close: id must be a text, got undefined/,
  "return 'x'.repeat(2000)": /^INVALID_OUTPUT: the result comes to 2003 bytes; the limit is 1000 bytes/,
  "return { a: [() => 1] }": /^INVALID_OUTPUT: result\.a\[0\] is a function/,
  "await ctx.emit('bad')": /^HANDLER: no such topic/,
  "void ctx.emit('bad'); return 1": /^HANDLER: no such topic/,
  "void ctx.emit('bad').then(() => 1); await ctx.state.get('k'); return 1": /^HANDLER: no such topic/,
};
for (const [code, message] of Object.entries(REFUSED)) {
  test(`fails: ${code}`, async () => assert.match(String(value(await new Core().run(code))), message));
}

test('what is not awaited is finished first, and a caught failure is none', async () => {
  const core = new Core();
  assert.equal(value(await core.run("void (async () => { await ctx.state.get('a'); await ctx.emit('x') })(); return 1")), 1);
  assert.deepEqual(core.sent.map(({ kind }) => kind?.$case), ['hostCall', 'hostCall', 'result']);
  assert.equal(value(await core.run("await ctx.emit('bad').catch(() => 1); return 2")), 2);
  assert.equal(value(await core.run("void ctx.emit('bad').catch(() => 1); return 3")), 3);
});

test('a group may be left out before options where the value could be no key', async () => {
  const core = new Core();
  await core.run(`
    await ctx.state.set('a', { n: 1 }, { ttl: 2 })
    await ctx.state.set('b', [1], { ifVersion: 0 })
    await ctx.state.set('c', true, undefined)
    await ctx.state.set('d', 'e', { ttl: 2 })
    await ctx.state.getEntry('f')`);
  const calls = core.sent.flatMap(({ kind }) => (kind?.$case === 'hostCall' ? [kind.value] : []));
  assert.deepEqual(calls.map(({ group, key, payload, options }) => [group, key, decode(payload), decode(options)]), [
    ['default', 'a', { n: 1 }, { ttl: 2 }],
    ['default', 'b', [1], { ifVersion: 0 }],
    ['default', 'c', true, null],
    ['d', 'e', { ttl: 2 }, null],
    ['default', 'f', null, null],
  ]);
});

test('a conflict is an error of its own, whichever copy of the sdk the user has', async () => {
  const core = new Core();
  const sdk = createRequire(__filename)(SDK) as { VersionConflict: typeof VersionConflict };
  assert.notEqual(sdk.VersionConflict, VersionConflict);
  (globalThis as { Conflict?: unknown }).Conflict = sdk.VersionConflict;
  const caught = `class Own extends Conflict {}
    return ctx.state.set('taken', [], { ifVersion: 1 }).catch((e) => [e instanceof Conflict, e instanceof Own, e instanceof Error, e.name, e.message])`;
  assert.deepEqual(value(await core.run(caught)), [true, false, true, 'VersionConflict', 'version 2 is stored']);
  assert.equal(new Error('x') instanceof sdk.VersionConflict, false);
  assert.ok(new (class Own extends sdk.VersionConflict {})('x') instanceof sdk.VersionConflict);
  const { failure } = await core.run("await ctx.state.set('taken', [], { ifVersion: 1 })");
  assert.deepEqual([failure?.kind, failure?.type, failure?.retryable], [FailureKind.HANDLER, 'VersionConflict', true]);
});

test('calls on one text go one after the other, whether they are awaited or not', async () => {
  const core = new Core(false);
  const written = core.result(core.start('steps/event.step.js', encode(`
    for (const piece of ['a', 'b']) ctx.stream.write('t', piece)
    ctx.stream.close('t'); ctx.stream.write('u', 'c'); return 1`, '')));
  const open: HostCall[] = [];
  core.on('hostCall', (call: HostCall) => open.push(call));
  const seen: unknown[] = [];
  while (seen.length < 4) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    assert.equal(new Set(open.map(({ key }) => key)).size, open.length);
    const call = open.shift();
    if (call === undefined) continue;
    seen.push([call.op, call.key, decode(call.payload)]);
    core.answer(call);
  }
  assert.equal(value(await written), 1);
  const of = (id: string): unknown[] => seen.filter((call) => (call as unknown[])[1] === id);
  assert.deepEqual(of('t'), [[HostOp.TEXT_WRITE, 't', 'a'], [HostOp.TEXT_WRITE, 't', 'b'], [HostOp.TEXT_CLOSE, 't', null]]);
  assert.deepEqual(of('u'), [[HostOp.TEXT_WRITE, 'u', 'c']]);
});

test('a text goes on behind a piece that was refused', async () => {
  const core = new Core();
  assert.equal(value(await core.run("const first = ctx.stream.write('taken', 'a'); ctx.stream.write('taken', 'b').catch(() => 0); await first.catch(() => 0); return 1")), 1);
  assert.equal(core.sent.filter(({ kind }) => kind?.$case === 'hostCall').length, 2);
});

test('what waits for its turn on a text takes no place of other calls', async () => {
  const core = new Core(false);
  const result = core.run("for (const piece of 'abc') void ctx.stream.write('t', piece); return ctx.state.get('k')");
  const open: HostCall[] = [];
  const ops: HostOp[] = [];
  core.on('hostCall', (call: HostCall) => void (open.push(call), ops.push(call.op)));
  while (open.length < 2) await once(core, 'hostCall');
  assert.deepEqual(ops, [HostOp.TEXT_WRITE, HostOp.STATE_GET]);
  core.on('hostCall', (call: HostCall) => setImmediate(() => core.answer(call)));
  for (const call of open) core.answer(call);
  assert.equal(value(await result), null);
  assert.deepEqual(ops.slice(2), [HostOp.TEXT_WRITE, HostOp.TEXT_WRITE]);
});

test('whole numbers name a key by their digits', async () => {
  const core = new Core();
  await core.run('await ctx.state.get(7, 1e21); await ctx.state.get(-0, 7n); await ctx.state.set(1, 1.5, { ttl: 1 })');
  const calls = core.sent.flatMap(({ kind }) => (kind?.$case === 'hostCall' ? [kind.value] : []));
  assert.deepEqual(calls.map((call) => [call.group, call.key]), [['7', '1000000000000000000000'], ['0', '7'], ['default', '1']]);
});

test('host calls beyond the limit wait their turn', async () => {
  const core = new Core(false);
  const result = core.run("return Promise.all([1, 2, 3, 4, 5].map((n) => ctx.state.get('k' + n)))");
  const open: HostCall[] = [];
  let most = 0;
  core.on('hostCall', (call: HostCall) => {
    most = Math.max(most, open.push(call));
    setImmediate(() => core.answer(open.shift() as HostCall));
  });
  assert.deepEqual(value(await result), [null, null, null, null, null]);
  assert.equal(most, BOUNDS.maxHostCalls);
});

test('lines come before the result, and logging never throws', async () => {
  const core = new Core();
  await core.run("ctx.logger.info('a', { e: new TypeError('x'), f: () => 1 }); ctx.logger.error({ no: 'text' }); const l = {}; l.l = l; ctx.logger.warn('l', l)");
  assert.deepEqual(core.sent.map(({ kind }) => kind?.$case), ['log', 'log', 'log', 'result']);
  const data = decode((core.sent[0]?.kind?.value as Log).data) as { e: { type: string }; f: string };
  assert.deepEqual([data.e.type, data.f], ['TypeError', '[Function: f]']);
});

test('a run that is cancelled ends as it likes within the grace, else it is answered for', async () => {
  const core = new Core();
  const cancelled = async (code: string, reason: CancelReason): Promise<unknown> => {
    const id = core.start('steps/event.step.js', encode(code, ''));
    core.executor.cancel(id, reason, 1);
    core.executor.cancel(id, reason, 1);
    return value(await core.result(id));
  };
  const listening = "return new Promise((done, fail) => ctx.signal.addEventListener('abort', () => ";
  assert.equal(await cancelled(`${listening} done('own')))`, CancelReason.CLIENT_GONE), 'own');
  assert.match(String(await cancelled(`${listening} fail(ctx.signal.reason)))`, CancelReason.DEADLINE)), /^DEADLINE: the deadline/);
  assert.match(String(await cancelled('return new Promise(() => 0)', CancelReason.CLIENT_GONE)), /^CANCELLED: the client has gone/);
  core.executor.cancel(1n, CancelReason.CLIENT_GONE, 0);
  core.executor.cancel(99n, CancelReason.CLIENT_GONE, 0);
});

test('what cannot run is answered at once', async () => {
  const core = new Core();
  const of = async (file: string): Promise<string> => String(value(await core.result(core.start(file, encode('', '')))));
  assert.match(await of('steps/gone.step.js'), /^UNKNOWN_STEP: .*steps\/gone\.step\.js/);
  assert.match(await of('steps/none.step.js'), /^UNKNOWN_STEP: .*steps\/none\.step\.js with a handler/);
  for (let n = 0; n < BOUNDS.maxInFlight; n++) core.start('steps/event.step.js', encode('return new Promise(() => 0)', ''));
  assert.match(await of('steps/event.step.js'), /^OVERLOADED: 4 invocations/);
  assert.equal(core.executor.inFlight, BOUNDS.maxInFlight);
  const drained = core.executor.drain(1);
  assert.match(await of('steps/event.step.js'), /^OVERLOADED: this runner is stopping/);
  await drained;
  assert.equal(core.executor.inFlight, 0);
});

test('a handler for several triggers finds its context in its place when a schedule fires', async () => {
  const core = new Core();
  const fired = async (file: string): Promise<unknown> => value(await core.result(core.start(file, EMPTY, TriggerKind.CRON)));
  assert.equal(await fired('steps/cron.step.js'), 'cron');
  assert.deepEqual(await fired('steps/triggers.step.js'), [null, 'cron']);
});

test('a large call of a run that ends while it is sent tells its caller so', async () => {
  const written: (() => void)[] = [];
  const bounds = { ...BOUNDS, chunkBytes: 100 };
  const outbox = new Outbox((_, done) => written.push(done), bounds);
  const run = new Run({ invocationId: 1n, stepName: 'S' } as Invoke, project.loader.step('steps/event.step.js') as Step);
  const call = new HostCalls(outbox, bounds).call(run, 'emit', () => ({ op: HostOp.EMIT, payload: Buffer.alloc(300) }));
  while (written.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  run.ended = true;
  written[0]?.();
  await assert.rejects(call, /emit was called after the run of step "S" had ended/);
});

test('host calls after the end are refused', async () => {
  const core = new Core();
  const late = new Promise<unknown>((resolve) => core.once('late', resolve));
  (globalThis as { late?: unknown }).late = (error: unknown) => core.emit('late', error);
  await core.run("setTimeout(() => ctx.emit('x').catch(late), 1); return 1");
  assert.match(String(await late), /emit was called after the run of step "S" had ended/);
  assert.equal(core.sent.length, 1);
});
