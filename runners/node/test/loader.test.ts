import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureKind, Hook, Manifest } from '../src/_gen/runtime/runner/v1/runner.js';
import { decode } from '../src/values.js';
import { Project } from './project.js';

const project = new Project();
project.write({ 'package.json': '{}' });

test('functions and schemas are taken out of a config', async () => {
  const { entry, config } = await project.step({
    'steps/full.step.ts': `
      const library = { '~standard': { version: 1 }, _def: {} }
      const giving = { '~standard': { jsonSchema: { input: ({ target }) => ({ title: target }), output: () => { throw new Error() } } } }
      const one = async () => {}
      export const config = {
        type: 'api', name: 'Full', middleware: [one, one], flows: ['a'],
        bodySchema: { type: 'object', properties: { a: { type: 'string' } } },
        responseSchema: { 200: { type: 'object' }, 400: library, 500: giving },
        input: giving,
        queryParams: [{ name: 'page', description: 'd' }],
        triggers: [{ type: 'event', topic: 't', input: { type: 'string' } }],
        hook: () => 1, nested: { hook: () => 1, n: 1 },
      }
      export const handler = () => ({ status: 200 })`,
  });
  assert.deepEqual(config, {
    type: 'api',
    name: 'Full',
    flows: ['a'],
    responseSchema: {},
    queryParams: [{ name: 'page', description: 'd' }],
    triggers: [{ type: 'event', topic: 't' }],
    nested: { n: 1 },
  });
  assert.deepEqual(Object.keys(entry.schemas).sort(), [
    ...['/bodySchema', '/input', '/responseSchema/200', '/responseSchema/400', '/responseSchema/500', '/triggers/0/input'],
  ]);
  assert.equal(String(entry.schemas['/responseSchema/400']), 'true'); // a status of which no schema is known is one all the same
  assert.deepEqual(JSON.parse(String(entry.schemas['/input'])), { title: 'draft-2020-12' });
  assert.deepEqual(JSON.parse(String(entry.schemas['/triggers/0/input'])), { type: 'string' });
  assert.deepEqual([entry.hasHandler, entry.middleware], [true, 2]);
});

test('a step without a handler is told as such', async () => {
  const { entry } = await project.step({ 'steps/noop.step.js': "exports.config = { type: 'noop', name: 'N' }" });
  assert.equal(entry.hasHandler, false);
});

test('streams give config, schema and the hooks that they have', async () => {
  project.write({
    'steps/chat.stream.ts': `export const config = { name: 'chat', schema: { type: 'object' }, baseConfig: { storageType: 'default' },
      canAccess: () => true, onLeave() {} }`,
  });
  const { streams } = await project.load([], ['steps/chat.stream.ts']);
  const [stream] = streams;
  assert.deepEqual(decode(stream?.config as Buffer), { name: 'chat', baseConfig: { storageType: 'default' } });
  assert.deepEqual([stream?.hooks, Object.keys(stream?.schemas ?? {})], [[Hook.CAN_ACCESS, Hook.ON_LEAVE], ['/schema']]);
});

test('every file stands in one list, and a later load replaces the earlier', async () => {
  project.write({ 'steps/a.step.js': 'exports.config = {}', 'steps/b.step.js': 'throw new Error()', 'steps/c.stream.js': '(' });
  const manifest = await project.load(['steps/a.step.js', 'steps/b.step.js'], ['steps/c.stream.js']);
  assert.deepEqual(manifest.steps.map((step) => step.file), ['steps/a.step.js']);
  assert.deepEqual(manifest.loadFailures.map((failure) => failure.file), ['steps/b.step.js', 'steps/c.stream.js']);
  assert.ok(project.loader.step('steps/a.step.js'));
  await project.load([]);
  assert.equal(project.loader.step('steps/a.step.js'), undefined);
});

test('a syntax error is told with its place', async () => {
  const failure = await project.failure({ 'f/syntax.step.ts': 'export const config = {\n  a: 1\n  b: 2\n}' });
  assert.equal(failure.failure?.kind, FailureKind.LOAD);
  assert.equal(failure.failure?.type, 'SyntaxError');
  assert.equal(failure.failure?.message, 'Expected "}" but found "b"');
  assert.deepEqual([failure.line, failure.column, failure.locationFile], [3, 3, '']);
});

test('the column of a syntax error counts characters', async () => {
  const failure = await project.failure({ 'f/column.step.ts': "const a = 1\nconst grüße = '👋', = 2" });
  assert.deepEqual([failure.line, failure.column], [2, 20]);
});

test('a fault in an imported file is told with that file', async () => {
  const failure = await project.failure({ 'f/outer.step.ts': "import './inner'\nexport const config = {}", 'f/inner.ts': '\nconst = 1' });
  assert.deepEqual([failure.file, failure.locationFile, failure.line], ['f/outer.step.ts', 'f/inner.ts', 2]);
});

test('a throw while loading is told with type, message and the first own line', async () => {
  const failure = await project.failure({
    'f/throws.step.ts': "interface A { a: 1 }\nimport { check } from './check'\ncheck(undefined)\nexport const config = {}",
    'f/check.ts': 'export function check(a: any) {\n  return a.name\n}',
  });
  assert.equal(failure.failure?.type, 'TypeError');
  assert.match(failure.failure?.message ?? '', /undefined/);
  assert.deepEqual([failure.locationFile, failure.line], ['f/check.ts', 2]);
  assert.match(failure.failure?.stack ?? '', /check\.ts:2:\d+\)\n.*throws\.step\.ts:3:\d+\)$/);
});

test('a missing package is told with who imports it and how to install it', async () => {
  const failure = await project.failure({ 'f/gone.step.ts': "\nimport x from '@acme/gone/sub'\nexport const config = { x }" });
  assert.equal(failure.failure?.message, 'cannot find the package "@acme/gone/sub", which f/gone.step.ts imports');
  assert.equal(failure.fix, 'Run: npm install @acme/gone');
  assert.equal(failure.line, 2);
});

for (const [lock, command] of [
  ['yarn.lock', 'yarn'],
  ['pnpm-lock.yaml', 'pnpm'],
]) {
  test(`in a project with ${lock} a missing package is ${command}'s to install`, async () => {
    const other = new Project();
    const step = "import x from '@acme/gone'\nexport const config = { x }";
    assert.equal((await other.failure({ 'f/a.step.ts': step, [String(lock)]: '' })).fix, `Run: ${command} add @acme/gone`);
    const named = { 'package.json': '{ "dependencies": { "@acme/gone": "1" } }' };
    const failure = await other.failure({ 'f/b.step.ts': step, ...named });
    assert.equal(failure.fix, `package.json names @acme/gone, so it only has to be installed. Run: ${command} install`);
  });
}

test('a package.json that is no JSON is the place of the fault', async () => {
  const other = new Project();
  other.write({ 'package.json': '{\n  "name" "x"\n}', 'node_modules/here/index.js': '' });
  const failure = await other.failure({ 'f/a.step.ts': "import x from 'here'\nexport const config = { x }" });
  assert.deepEqual([failure.locationFile, failure.line, failure.column], ['package.json', 2, 10]);
  assert.equal(failure.fix, 'Correct package.json; it has to be valid JSON.');
  assert.match(failure.failure?.message ?? '', /^Expected ':'/);
});

test('a missing package that package.json names has to be installed', async () => {
  const named = { 'package.json': '{ "devDependencies": { "@acme/gone": "1" } }' };
  const failure = await project.failure({ 'f/gone.step.ts': "import '@acme/gone'\nexport const config = {}", ...named });
  assert.equal(failure.fix, 'package.json names @acme/gone, so it only has to be installed. Run: runtime install');
});

test('a missing file is told with who imports it', async () => {
  const failure = await project.failure({ 'f/lost.step.ts': "import './via'\nexport const config = {}", 'f/via.ts': "import './lost'" });
  assert.equal(failure.failure?.message, 'cannot find the file "./lost", which f/via.ts imports');
  assert.equal(failure.locationFile, 'f/via.ts');
  assert.match(failure.fix, /f\/via\.ts/);
});

test('top-level await is told with what to do instead', async () => {
  const failure = await project.failure({ 'f/await.step.ts': 'export const config = {}\nawait Promise.resolve(1)' });
  assert.equal(failure.line, 2);
  assert.match(failure.fix, /into the handler/);
});

test('what the manifest has no room for is told, and the rest loads', async () => {
  const files: Record<string, string> = {};
  for (let at = 0; at < 8; at += 1) files[`big/${at}.step.js`] = `exports.config = { description: 'x'.repeat(${at === 3 ? 100 : 900_000}) }`;
  for (let at = 0; at < 60; at += 1) files[`big/bad${at}.step.js`] = `throw new Error('y'.repeat(100_000))`;
  project.write(files);
  const manifest = await project.load(Object.keys(files));
  assert.deepEqual(manifest.steps.map(({ file }) => file), [0, 1, 2, 3, 4, 5].map((at) => `big/${at}.step.js`));
  assert.match(manifest.loadFailures[0]?.failure?.message ?? '', /files before big\/6\.step\.js leave no room for its 9\d+ bytes/);
  assert.equal(manifest.loadFailures.length, 62);
  assert.ok(Manifest.encode(manifest).finish().length < 8 << 20);
});

const DEFINITIONS: Record<string, [text: string, message: RegExp, fix: RegExp]> = {
  'none.step.ts': ['export const other = 1', /exports no config/, /export const config = \{/],
  'kept.step.ts': ["type A = 1\nconst config: object = { type: 'api' }", /^the file has a config and does not export it$/, /^Put `export` before it\.$/],
  'inner.step.ts': ['export function f() {\n  const config = 1\n  return config\n}', /exports no config/, /export const config/],
  'empty.step.js': ['', /exports no config/, /export const config/],
  'text.step.ts': ["export const config = 'api'", /it is a string$/, /export const config/],
  'list.step.ts': ['export const config = []', /it is a list$/, /export const config/],
  'mw.step.ts': ['export const config = { middleware: [undefined] }', /middleware\[0\] must be a function/, /middleware:/],
  'mw2.step.ts': ['export const config = { middleware: 1 }', /middleware must be a list/, /middleware:/],
  'long.step.ts': ["export const config = { text: 'x'.repeat(2_000_000) }", /has 2000\d+ bytes; at most 1048576/, /Keep data out/],
  'cycle.step.ts': ["export const config: any = { name: 'X' }\nconfig.me = config", /^config(\.me)+ contains itself$/, /^$/],
  'set.step.ts': ['export const config = { flows: [new Set()] }', /^config\.flows\[0\] is of type Set/, /^$/],
};
for (const [name, [text, message, fix]] of Object.entries(DEFINITIONS)) {
  test(`${name} is no definition`, async () => {
    const failure = await project.failure({ [`f/${name}`]: text });
    assert.match(failure.failure?.message ?? '', message);
    assert.match(failure.fix, fix);
  });
}
