import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Project } from './project.js';

// What libraries make of the same shapes is in tests/integration/test_schemas.py; here is how they are asked.
const PACKAGES = join(__dirname, '..', '..', '..', 'tests', 'node_packages', 'node_modules');
const skip = existsSync(PACKAGES) ? false : 'the npm packages of the tests are not installed; scripts/setup does it';
const CONVERTERS = join(__dirname, 'zod.cjs');

const project = new Project();
project.write({ 'package.json': '{}' });

const isRead = (): boolean => require.cache[CONVERTERS] !== undefined;

let count = 0;

/** What the manifest holds of a step with this config. */
async function schemasOf(config: string, imports = ''): Promise<Record<string, unknown>> {
  const { entry } = await project.step({ [`steps/${++count}.step.ts`]: `${imports}\nexport const config = { type: 'api', name: 'X', ${config} }` });
  return Object.fromEntries(Object.entries(entry.schemas).map(([place, text]) => [place, JSON.parse(String(text))]));
}

test('the converters of zod are read by those who use zod alone', { skip }, async () => {
  await schemasOf("bodySchema: { type: 'object' }");
  assert.equal(isRead(), false);
  mkdirSync(join(project.root, 'node_modules'), { recursive: true });
  symlinkSync(join(PACKAGES, 'zod4'), join(project.root, 'node_modules', 'zod'));
  assert.deepEqual(Object.keys(await schemasOf('bodySchema: z.object({ a: z.string() })', "import { z } from 'zod'")), ['/bodySchema']);
  assert.equal(isRead(), true);
});

test('zod 3 says null and any other keys as zod 4 does', { skip }, async () => {
  symlinkSync(join(PACKAGES, 'zod3'), join(project.root, 'node_modules', 'zod3'));
  const schema = `bodySchema: z.object({ none: z.literal(null), loose: node, either: z.union([z.literal(null), z.string()]) })`;
  const node = "import { z } from 'zod3'\nconst node: any = z.object({ children: z.array(z.lazy(() => node)) }).passthrough()";
  const { '/bodySchema': written } = (await schemasOf(schema, node)) as { '/bodySchema': any };
  assert.deepEqual(written.properties.none, { type: 'null' });
  assert.deepEqual(written.properties.loose, {
    type: 'object',
    properties: { children: { type: 'array', items: { $ref: '#/properties/loose' } } },
    required: ['children'],
    additionalProperties: {},
  });
  assert.equal('additionalProperties' in written, false);
  assert.deepEqual(JSON.stringify(written.properties.either).includes('object'), false);
});

test('each place is asked for its side of a schema', async () => {
  const library = `const s = { '~standard': { jsonSchema: {
    input: () => ({ title: 'input' }), output: () => ({ title: 'output' }) } } }`;
  const schemas = await schemasOf(
    "bodySchema: s, queryParams: s, pathParams: s, responseSchema: s, emits: [{ topic: 't', schema: s }], triggers: [{ input: s }]",
    library,
  );
  assert.deepEqual(schemas, {
    '/bodySchema': { title: 'input' },
    '/queryParams': { title: 'input' },
    '/pathParams': { title: 'input' },
    '/responseSchema': { title: 'output' },
    '/emits/0/schema': { title: 'output' },
    '/triggers/0/input': { title: 'input' },
  });
});

test('what stands at the place of a schema and is none stays in the config', async () => {
  const { entry, config } = await project.step({
    'steps/none.step.ts': "export const config = { queryParams: [{ name: 'page' }], responseSchema: {}, input: null, bodySchema: undefined }",
  });
  assert.deepEqual(entry.schemas, {});
  assert.deepEqual(config, { queryParams: [{ name: 'page' }], responseSchema: {}, input: null });
});

test('a type that is a function is a schema as well', async () => {
  const library = "const type = Object.assign(() => 1, { '~standard': { jsonSchema: { input: () => ({ type: 'string' }) } } })";
  assert.deepEqual(await schemasOf('bodySchema: type', library), { '/bodySchema': { type: 'string' } });
});

for (const [what, schema, reason] of [
  ['a library without JSON Schema', "{ '~standard': { vendor: 'joi' } }", 'joi gives no JSON Schema for it'],
  ['a library that throws', "{ '~standard': { jsonSchema: { input() { throw new Error('no\\n  dates') } } } }", 'no dates'],
  ['a map with a function', '{ type: () => 1 }', 'it is neither a JSON Schema nor an object that gives one'],
  ['a number', '7', 'it is neither a JSON Schema nor an object that gives one'],
  ['Valibot without its converter', "{ '~standard': { vendor: 'valibot' } }", 'Valibot does so by another package; run: npm install @valibot/to-json-schema'],
] as const) {
  test(`${what} is warned of, and the step loads`, async () => {
    project.warnings.length = 0;
    assert.deepEqual(await schemasOf(`bodySchema: ${schema}`), {});
    assert.deepEqual(project.warnings, [`steps/${count}.step.ts: bodySchema cannot be written as JSON Schema: ${reason}; it is not validated`]);
  });
}

test('the place of a schema inside a trigger is told', async () => {
  project.warnings.length = 0;
  await schemasOf('triggers: [{}, { responseSchema: { 404: 7 } }]');
  assert.match(project.warnings[0] ?? '', /: triggers\.1\.responseSchema\.404 cannot/);
});
