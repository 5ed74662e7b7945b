import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Transformer } from '../src/transform.js';
import { Project } from './project.js';

const project = new Project();

project.write({
  'node_modules/zod/package.json': '{"name":"zod","version":"4.0.0","main":"index.cjs"}',
  'node_modules/zod/index.cjs': 'exports.z = { version: 4 }',
  'old/node_modules/zod/package.json': '{"name":"zod","version":"3.0.0","main":"index.js"}',
  'old/node_modules/zod/index.js': 'exports.z = { version: 3 }',
  'node_modules/motia/package.json': '{"name":"motia","version":"9.9.9","main":"index.js"}',
  'node_modules/motia/index.js': 'throw new Error("the installed motia was loaded")',
  'node_modules/esm-only/package.json': '{"name":"esm-only","type":"module","exports":"./index.js"}',
  'node_modules/esm-only/index.js': 'import { sub } from "import-only/sub"; export default "default"; export const named = sub',
  'node_modules/import-only/package.json':
    '{"name":"import-only","type":"module","exports":{".":{"import":"./index.js"},"./sub":{"import":"./sub.js"}}}',
  'node_modules/import-only/index.js': 'export const main = "main"',
  'node_modules/import-only/sub.js': 'export const sub = "sub"',
  'node_modules/compiled/package.json': '{"name":"compiled"}',
  'node_modules/compiled/index.js': 'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = "inner"',
  'esm/package.json': '{"type":"module"}',
  'cjs/package.json': '{"type":"commonjs"}',
});

const BODY = "type: 'event', name: 'X', version: z.version";
const FORMS: Record<string, string> = {
  'plain.step.ts': `import { z } from 'zod'; export const config = { ${BODY} }; export const handler = async (n: number) => n + 1`,
  'esm.step.js': `import { z } from 'zod'; export const config = { ${BODY} }; export const handler = async (n) => n + 1`,
  'cjs.step.js': `const { z } = require('zod'); module.exports = { config: { ${BODY} }, handler: async (n) => n + 1 }`,
  'exports.step.js': `const { z } = require('zod'); exports.config = { ${BODY} }; exports.handler = async (n) => n + 1`,
  'mixed.step.js': `const { z } = require('zod'); export const config = { ${BODY} }; export const handler = async (n) => n + 1`,
  'mixed_step.js': `import { z } from 'zod'; module.exports = { config: { ${BODY} }, handler: async (n) => n + 1 }`,
  'half.step.js': `const { z } = require('zod'); export const config = { ${BODY} }; exports.handler = async (n) => n + 1`,
  'default.step.ts': `import { z } from 'zod'; export default { config: { ${BODY} }, handler: async (n: number) => n + 1 }`,
  'm.step.mts': `import { z } from 'zod'; export const config = { ${BODY} }; export const handler = async (n: number) => n + 1`,
  'c.step.cts': `import zod = require('zod'); const { z } = zod; export = { config: { ${BODY} }, handler: async (n: number) => n + 1 }`,
  'm.step.mjs': `import { z } from 'zod'; export const config = { ${BODY} }; export const handler = async (n) => n + 1`,
  'c.step.cjs': `const { z } = require('zod'); module.exports = { config: { ${BODY} }, handler: async (n) => n + 1 }`,
};

for (const folder of ['.', 'esm', 'cjs']) {
  for (const [name, text] of Object.entries(FORMS)) {
    test(`${folder}/${name} loads`, async () => {
      const { config, handler } = await project.step({ [join(folder, 'steps', name)]: text });
      assert.deepEqual(config, { type: 'event', name: 'X', version: 4 });
      assert.equal(await handler(1), 2);
    });
  }
}

/** Loads a TypeScript step whose config is `{ got: <expression> }` and gives what it got. */
async function got(path: string, imports: string, expression: string, files: Record<string, string> = {}): Promise<unknown> {
  const { config } = await project.step({ [path]: `${imports}\nexport const config = { got: ${expression} }`, ...files });
  return config.got;
}

test('each file gets the package version that is installed for it', async () => {
  assert.equal(await got('old/steps/a.step.ts', "import { z } from 'zod'", 'z.version'), 3);
});

test('packages that are ES modules can be imported and required', async () => {
  const files = { 'steps/pkg.step.ts': `import d, { named } from 'esm-only'; import { main } from 'import-only'; import inner from 'compiled'
    const { sub } = require('import-only/sub')
    export const config = { got: [d, named, main, sub, inner] }
    export const handler = async () => (await import('esm-only')).default` };
  const { config, handler } = await project.step(files);
  assert.deepEqual(config.got, ['default', 'sub', 'main', 'sub', 'inner']);
  assert.equal(await handler(), 'default');
});

test('imports find files without ending, by compiled ending, by folder, and JSON', async () => {
  const imports = `import { a } from './lib/a'; import { b } from './lib/b.js'; import { c } from './lib'
    import data from './lib/data.json' with { type: 'json' }; import { d } from './lib/with.dots'; import { e } from './lib/e.mjs'`;
  const lib = {
    'r/lib/a.ts': 'export const a: number = 1',
    'r/lib/b.ts': 'export const b: number = 2',
    'r/lib/index.ts': "export { c } from './c'",
    'r/lib/c.js': 'exports.c = 3',
    'r/lib/data.json': '{"n": 4}',
    'r/lib/with.dots.ts': 'export const d = 5',
    'r/lib/e.mts': 'export const e = 6',
  };
  assert.deepEqual(await got('r/x.step.ts', imports, '[a, b, c, data.n, d, e]', lib), [1, 2, 3, 4, 5, 6]);
});

test('tsconfig paths and baseUrl are honoured, also through extends', async () => {
  const files = {
    'p/tsconfig.base.json': '{ /* comment */ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["./src/*"], "exact": ["./src/exact.ts"] }, } }',
    'p/tsconfig.json': '{ "extends": "./tsconfig.base.json" }',
    'p/src/a.ts': "import { other } from '@/deep/other.js'; export const a = other",
    'p/src/deep/other.ts': 'export const other = "other"',
    'p/src/exact.ts': 'export const exact = "exact"',
  };
  const imports = "import { a } from '@/a'; import { exact } from 'exact'; import { other } from 'src/deep/other'";
  assert.deepEqual(await got('p/steps/x.step.ts', imports, '[a, exact, other]', files), ['other', 'exact', 'other']);
});

test("imports of types vanish, whatever tsconfig says; 'motia' is always ours", async () => {
  const files = { 'v/tsconfig.json': '{ "compilerOptions": { "verbatimModuleSyntax": true, "isolatedModules": true } }' };
  const imports = `import { Handlers, ApiRouteConfig, HttpError } from 'motia'; import { Gone } from './nowhere'
    import { NonRetriableError } from '@motiadev/core'
    const c: ApiRouteConfig | Gone | undefined = undefined; type H = Handlers['X']`;
  const expression = "[new HttpError(404, 'x').status, new NonRetriableError('n').name]";
  assert.deepEqual(await got('v/x.step.ts', imports, expression, files), [404, 'NonRetriableError']);
});

test('import.meta and the usual ways to replace __dirname work', async () => {
  const imports = `import path from 'node:path'; import { fileURLToPath } from 'node:url'; import { createRequire } from 'node:module'
    const __filename = fileURLToPath(import.meta.url); const __dirname = path.dirname(__filename)
    const require = createRequire(import.meta.url); const { z } = require('zod')`;
  const file = join(project.root, 'steps/meta #1.step.ts');
  const expression = '[__filename, __dirname, import.meta.filename, import.meta.dirname, z.version]';
  const folder = join(project.root, 'steps');
  assert.deepEqual(await got('steps/meta #1.step.ts', imports, expression), [file, folder, file, folder, 4]);
});

test('decorators and JSX follow tsconfig', async () => {
  const files = {
    'd/tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true, "jsx": "react", "jsxFactory": "h" } }',
    'd/view.tsx': 'const h = (tag: string) => `<${tag}>`; export const view = <b />',
  };
  const imports = `import { view } from './view'
    const seen: string[] = []; const mark = (target: object, key: string) => { seen.push(key) }
    class A { @mark name = 'x' }`;
  assert.deepEqual(await got('d/x.step.ts', imports, '[view, seen, new A().name]', files), ['<b>', ['name'], 'x']);
});

test('a module that two steps import is one module, however they write it', async () => {
  project.write({ 'lib/store.ts': 'export const store = { count: 0 }' });
  const text = (from: string): string => `import { store } from '${from}'; export const config = { n: ++store.count }`;
  assert.equal((await project.step({ 'steps/one.step.ts': text('../lib/store') })).config.n, 1);
  assert.equal((await project.step({ 'steps/two.step.js': text('../lib/store.js') })).config.n, 2);
});

test('files with any characters in their names load, and errors point into them', async () => {
  for (const name of ['a b', 'ü', '100%', 'q?x=1', 'h#1', "it's", 'sync.cron']) {
    const text = "type A = { a: 1 }\n\n\nexport const config = {}\nexport const handler = () => { throw new Error('x') }";
    const { handler } = await project.step({ [`steps/${name}.step.ts`]: text });
    assert.throws(handler, (error: Error) => {
      assert.ok(error.stack?.includes(`${join(project.root, 'steps', name)}.step.ts:5:38`), error.stack);
      return true;
    });
  }
});

test('the project files that a step imports are told', async () => {
  const { entry } = await project.step({
    'i/x.step.ts': "import './a'; import './data.json'; import 'zod'; import 'motia'; export const config = {}",
    'i/a.ts': "import './b'",
    'i/b.ts': "import './a'; require('./c.js')",
    'i/c.js': '',
    'i/data.json': '{}',
  });
  assert.deepEqual(entry.imports, ['i/a.ts', 'i/b.ts', 'i/c.js', 'i/data.json']);
});

test('transformed code is kept, and used only while the source is the same', () => {
  const file = join(project.root, 'kept.ts');
  const folder = join(project.cacheDir, 'transformed');
  const before = new Set(readdirSync(folder));
  const code = new Transformer(project.cacheDir).transform(file, 'export const a: number = 1', {});
  const [added] = readdirSync(folder).filter((name) => !before.has(name));
  const place = join(folder, added as string);
  assert.ok(readFileSync(place, 'utf8').endsWith(code));
  writeFileSync(place, readFileSync(place, 'utf8').replace(code, 'kept'));
  assert.equal(new Transformer(project.cacheDir).transform(file, 'export const a: number = 1', {}), 'kept');
  assert.match(new Transformer(project.cacheDir).transform(file, 'export const a: number = 2', {}), /a = 2/);
});

test('without a cache folder, or with one that is gone, files are transformed all the same', () => {
  assert.match(new Transformer('').transform(join(project.root, 'x.ts'), 'let a: 1', {}), /let a;/);
  const unusable = join(project.root, 'kept.file', 'folder');
  project.write({ 'kept.file': '' });
  assert.match(new Transformer(unusable).transform(join(project.root, 'x.ts'), 'let a: 1', {}), /let a;/);
});

test('a source map names its file as it is, so that debuggers find it', () => {
  const file = join(project.root, 'steps', 'größe & so.step.mts');
  const text = new Transformer('').transform(file, 'export const a: number = 1', {});
  const map: unknown = JSON.parse(Buffer.from(/base64,(.*)\n$/.exec(text)?.[1] ?? '', 'base64').toString());
  assert.deepEqual((map as { sources: string[] }).sources, [pathToFileURL(file).href]);
});
