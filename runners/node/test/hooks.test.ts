import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallReply, FailureKind, Hook, type RunnerEnvelope } from '../src/_gen/runtime/runner/v1/runner.js';
import { boundsOf } from '../src/bounds.js';
import { Hooks } from '../src/hooks.js';
import { Nodes } from '../src/nodes.js';
import { Outbox } from '../src/outbox.js';
import { ProjectConfig } from '../src/project-config.js';
import { decode, encode } from '../src/values.js';
import { Project } from './project.js';

const project = new Project();
project.write({ 'package.json': '{}' });
const bounds = { ...boundsOf(undefined), chunkBytes: 65536, maxPayloadBytes: 1 << 20, maxQueuedBytes: 1 << 20 };

/** Hooks of the project, and what they answer, by call. */
class Asked {
  readonly replies = new Map<bigint, CallReply>();
  private readonly waiting = new Map<bigint, (reply: CallReply) => void>();
  private last = 0n;
  readonly hooks: Hooks;

  constructor() {
    const outbox = new Outbox(({ envelopes }, done) => {
      envelopes.forEach((envelope) => this.take(envelope));
      setImmediate(done);
    }, bounds);
    const { root, loader, modules } = project;
    this.hooks = new Hooks({ root, bounds, outbox, loader, config: new ProjectConfig(modules, root), nodes: new Nodes(root) });
  }

  /** Asks and gives the reply. */
  async ask(hook: Hook, target: string, given?: unknown, deadlineMs = 0): Promise<CallReply> {
    const callId = ++this.last;
    const answered = new Promise<CallReply>((resolve) => this.waiting.set(callId, resolve));
    const payload = given === undefined ? Buffer.alloc(0) : encode(given, 'given');
    this.hooks.begin({ callId, hook, target, payload, payloadTransfer: 0n, deadlineMs });
    return answered;
  }

  private take({ kind }: RunnerEnvelope): void {
    if (kind?.$case !== 'callReply') return;
    assert.ok(!this.replies.has(kind.value.callId), 'a second reply');
    this.replies.set(kind.value.callId, kind.value);
    this.waiting.get(kind.value.callId)?.(kind.value);
  }
}

const subscription = { groupId: 'g', id: 'i' };

/** Loads one stream with this config beside its name and gives its hooks. */
async function stream(config: string): Promise<Asked> {
  project.write({ 'steps/s.stream.ts': `export const config = { name: 's', ${config} }` });
  project.modules.forget(`${project.root}/steps/s.stream.ts`);
  const { loadFailures } = await project.load([], ['steps/s.stream.ts']);
  assert.deepEqual(loadFailures, []);
  return new Asked();
}

test('canAccess is given what the client asks for and who it is', async () => {
  const asked = await stream('canAccess: ({ groupId, id }, who) => groupId === "g" && id === "i" && who.name === "Ada"');
  const given = (name: string): unknown => ({ subscription, authContext: { name } });
  assert.equal(decode((await asked.ask(Hook.CAN_ACCESS, 'steps/s.stream.ts', given('Ada'))).payload), true);
  assert.equal(decode((await asked.ask(Hook.CAN_ACCESS, 'steps/s.stream.ts', given('Bob'))).payload), false);
});

for (const [returned, allowed] of [['true', true], ['false', false], ['undefined', false], ['Promise.resolve(null)', false]] as const) {
  test(`only true of what canAccess returns lets in: ${returned}`, async () => {
    const asked = await stream(`canAccess: () => ${returned}`);
    const reply = await asked.ask(Hook.CAN_ACCESS, 'steps/s.stream.ts', { subscription, authContext: null });
    assert.equal(decode(reply.payload), allowed);
  });
}

for (const [members, what] of [
  ['canAccess: () => () => false', 'a function that nobody has called'],
  ['canAccess: async () => async () => false', 'a function that nobody has called'],
  ['canAccess: () => "no"', 'a string'],
  ['canAccess: () => 0', 'a number'],
  ['canAccess: () => new Boolean(true)', 'an object'],
  ['canAccess: () => [true]', 'an array'],
  ['canAccess: () => new Error("no")', 'an Error, which nobody has thrown'],
  ['* canAccess() { return false }', 'an object'],
  ['async * canAccess() { return false }', 'an object'],
] as const) {
  test(`what is neither true nor false is no answer: ${members}`, async () => {
    const asked = await stream(members);
    const { failure } = await asked.ask(Hook.CAN_ACCESS, 'steps/s.stream.ts', { subscription, authContext: null });
    assert.equal(failure?.kind, FailureKind.INVALID_OUTPUT);
    assert.equal(failure.message, `canAccess returned ${what}; return true or false`);
  });
}

test('a hook that hangs is answered in its place, once', async () => {
  const asked = await stream('canAccess: () => new Promise((resolve) => { globalThis.letIn = resolve })');
  const reply = await asked.ask(Hook.CAN_ACCESS, 'steps/s.stream.ts', { subscription }, 20);
  assert.equal(reply.failure?.kind, FailureKind.DEADLINE);
  assert.match(reply.failure.message, /canAccess of steps\/s\.stream\.ts did not end within 20 ms/);
  (globalThis as unknown as { letIn: (allowed: boolean) => void }).letIn(true);
  await new Promise(setImmediate); // behind all that the late answer has led to
  assert.equal(asked.replies.size, 1);
});

test('a throw is a failure with the stack of the project', async () => {
  const asked = await stream('onJoin() { throw new TypeError("no room") }');
  const { failure } = await asked.ask(Hook.ON_JOIN, 'steps/s.stream.ts', { subscription });
  assert.deepEqual([failure?.kind, failure?.type, failure?.message], [FailureKind.HANDLER, 'TypeError', 'no room']);
  assert.match(failure?.stack ?? '', /steps\/s\.stream\.ts/);
  assert.doesNotMatch(failure?.stack ?? '', /hooks/);
});

test('a hook that is not there is refused', async () => {
  const asked = await stream('canAccess: () => true');
  for (const [hook, target] of [[Hook.ON_JOIN, 'steps/s.stream.ts'], [Hook.CAN_ACCESS, 'steps/other.stream.ts'], [99 as Hook, 'x']] as const) {
    const { failure } = await asked.ask(hook, target, { subscription });
    assert.equal(failure?.kind, FailureKind.REFUSED);
  }
});

test('a drain waits for hooks, refuses further ones, and ends those that take too long', async () => {
  const asked = await stream('canAccess: () => new Promise(() => {}), onLeave: () => new Promise((resolve) => setTimeout(resolve, 20))');
  const leaving = asked.ask(Hook.ON_LEAVE, 'steps/s.stream.ts', { subscription });
  const hanging = asked.ask(Hook.CAN_ACCESS, 'steps/s.stream.ts', { subscription });
  const drained = asked.hooks.drain(100);
  const refused = await asked.ask(Hook.ON_LEAVE, 'steps/s.stream.ts', { subscription });
  assert.equal(refused.failure?.kind, FailureKind.OVERLOADED);
  assert.equal((await leaving).failure, undefined);
  await drained;
  assert.equal((await hanging).failure?.kind, FailureKind.CANCELLED);
});

test('a stream with a function that nothing calls, or none where one should be, does not load', async () => {
  const configs = ['canAcess: () => false', 'canAccess: undefined', 'canAccess: true', 'onJoin: null'];
  for (const [number, config] of configs.entries()) {
    const file = `steps/bad${number}.stream.ts`;
    project.write({ [file]: `export const config = { name: 's', ${config} }` });
    const { loadFailures } = await project.load([], [file]);
    assert.match(loadFailures[0]?.failure?.message ?? '', /config\.(canAcess|canAccess|onJoin)/, config);
  }
});

/** Writes a config file and gives what the core gets of it. */
async function config(text: string, file = 'motia.config.ts', asked = new Asked()): Promise<any> {
  project.write({ [file]: text });
  const reply = await asked.ask(Hook.CONFIG, file);
  if (reply.failure !== undefined) throw new Error(reply.failure.message);
  return decode(reply.payload);
}

test('a config of any form is found', async () => {
  const auth = 'streamAuth: { authenticate: () => null }';
  const forms: Record<string, string> = {
    'a/motia.config.ts': `import { config } from 'motia'; export default config({ ${auth} })`,
    'b/motia.config.ts': `import { config as make } from '@motiadev/core'; export const config = make({ ${auth} })`,
    'c/motia.config.js': `const { config } = require('@motiadev/core'); module.exports = config({ ${auth} })`,
    'd/motia.config.cjs': `module.exports = { ${auth} }`,
    'e/motia.config.mjs': `export default { ${auth} }`,
    'f/motia.config.js': `exports.config = { ${auth} }`,
    'f/motia.config.mts': `import { config } from 'motia'; export default config({ ${auth} as object })`,
    'f/motia.config.cts': `import core = require('@motiadev/core'); export = core.config({ ${auth} as object })`,
  };
  for (const [file, text] of Object.entries(forms)) {
    const found = { config: { streamAuth: {} }, hooks: [Hook.AUTHENTICATE], functions: ['streamAuth'] };
    assert.deepEqual(await config(text, file), found, file);
  }
  assert.deepEqual(await config("module.exports = require('motia').config({})", 'g/motia.config.js'), { config: {}, hooks: [], functions: [] });
});

test('a config shows data, the classes of adapters, and which keys there are', async () => {
  const found = await config(`
    import { config } from '@motiadev/core'
    import { RedisStateAdapter } from '@motiadev/adapter-redis-state'
    import * as streams from '@motiadev/adapter-redis-streams'
    import { FileStateAdapter } from '@motiadev/core'
    class Own { options = { a: new Set() }; self = this }
    class Mine extends RedisStateAdapter { client = new Map() }
    export default config({
      adapters: {
        state: new RedisStateAdapter({ port: 6379, socket: { reconnectStrategy: (n: number) => n } }),
        streams: new streams.RedisStreamAdapterManager({ host: 'h' }),
        events: new FileStateAdapter(), cron: new Own(), more: [new Mine({ a: 1 })],
      },
      plugins: [() => ({})], app: () => {}, streamAuth: undefined,
    } as any)`);
  assert.deepEqual(found, {
    config: {
      adapters: {
        state: { adapter: 'RedisStateAdapter', options: { port: 6379, socket: {} } },
        streams: { adapter: 'RedisStreamAdapterManager', options: { host: 'h' } },
        events: { adapter: 'FileStateAdapter' },
        cron: { adapter: 'Own', options: { a: { adapter: 'Set' } } },
        more: [{ adapter: 'Mine', options: { a: 1 } }],
      },
      plugins: [],
      app: null,
      streamAuth: null,
    },
    hooks: [],
    functions: ['adapters', 'plugins', 'app'],
  });
});

test('a config that does not load says where and why', async () => {
  const faults: Record<string, RegExp> = {
    'export default {\n  a: ,\n}': /^motia\.config\.ts:2:\d+: SyntaxError: Unexpected ","/,
    '\nthrow new TypeError("bad day")': /^motia\.config\.ts:2:\d+: TypeError: bad day$/,
    "import x from 'nowhere'\nexport default { x }": /^motia\.config\.ts:1:\d+: Error: cannot find the package "nowhere".*npm install nowhere$/,
    "import { y } from './steps/thrower'\nexport default { y }": /^steps\/thrower\.ts:1:\d+: Error: within$/,
    'const config = {}': /^motia\.config\.ts: the file has a config and does not export it\. Put `export` before it\.$/,
    'export const other = 1': /^motia\.config\.ts: the file exports no config\. Add: export default config/,
    'export default {}; export const config = { streamAuth: {} }': /exports a config and a default that differ\. Keep one of them/,
    'export const streamAuth = {}; export default {}': /streamAuth is exported beside the config, where nothing reads it/,
    'export function authenticate() {}; export const config = {}': /authenticate is exported beside the config/,
    'export default () => ({})': /must be an object, but it is a function/,
    'export default Promise.resolve({})': /but it is a Promise/,
    'process.exit(3)': /process\.exit|exit/,
  };
  project.write({ 'steps/thrower.ts': 'throw new Error("within")' });
  const exit = process.exit;
  process.exit = (() => {
    throw new Error('process.exit() was called');
  }) as typeof process.exit;
  try {
    for (const [text, message] of Object.entries(faults)) await assert.rejects(config(text), { message }, text);
  } finally {
    process.exit = exit;
  }
});

test('functions are found wherever they stand, those of classes and of getters aside', async () => {
  const found = await config(`
    class Own { constructor(parts: object) { Object.assign(this, parts) } method() {} }
    const round: unknown[] = [new Own({ a: { b: [() => 1] } })]
    round.push(round)
    export const config = { round, own: new Own({ a: 1 }), bytes: Buffer.from('x'), lazy: new Own({ map: new Map() }) }
    export default config`);
  assert.deepEqual(found.functions, ['round']);
});

test('authenticate runs as it was loaded last, and is loaded when nobody has', async () => {
  const source = (name: string): string => `export default { streamAuth: {
    name: '${name}', async authenticate({ headers, url }) { return url === '/no' ? null : [this.name, headers.a, url] } } }`;
  project.write({ 'motia.config.ts': source('first') });
  const asked = new Asked();
  const fresh = new Asked();
  await config(source('second'), 'motia.config.ts', asked);
  const request = { headers: { a: ['1', '2'] }, url: '/x?y' };
  for (const each of [asked, fresh]) {
    const { payload } = await each.ask(Hook.AUTHENTICATE, 'motia.config.ts', request);
    assert.deepEqual(decode(payload), ['second', ['1', '2'], '/x?y']);
    assert.equal(decode((await each.ask(Hook.AUTHENTICATE, 'motia.config.ts', { ...request, url: '/no' })).payload), null);
  }
});

test('an auth context that cannot be sent names the place', async () => {
  const asked = new Asked();
  await config('export default { streamAuth: { authenticate: () => ({ user: { run: () => 1 } }) } }', 'motia.config.ts', asked);
  const { failure } = await asked.ask(Hook.AUTHENTICATE, 'motia.config.ts', { headers: {}, url: '/' });
  assert.equal(failure?.kind, FailureKind.INVALID_OUTPUT);
  assert.match(failure.message, /authContext\.user\.run/);
});
