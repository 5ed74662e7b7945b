// Builds dist/, which holds all that the runner needs at run time. With --test: runs the tests instead, from a folder of their own.

import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** Bundles for the oldest Node that is supported; esbuild itself has to stay a package of its own. */
const bundle = (entryPoints, out) =>
  build({
    absWorkingDir: here,
    entryPoints,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['esbuild'],
    logLevel: 'warning',
    ...out,
  });

/** The converters of zod's schemas; of zod 3 itself its converter only needs the names of its kinds of schemas. */
const bundleZod = (folder) => bundle(['src/zod.ts'], { outfile: `${folder}/zod.cjs`, alias: { 'zod/v3': './src/zod-kinds.ts' } });

function node(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: here, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** The transformer and its program for this platform; the runner resolves them from dist/. */
function copyEsbuild() {
  const from = dirname(require.resolve('esbuild/package.json'));
  const platforms = join(from, '..', '@esbuild');
  const to = join(here, 'dist', 'node_modules');
  for (const part of ['package.json', 'LICENSE.md', 'lib/main.js']) cpSync(join(from, part), join(to, 'esbuild', part));
  for (const name of readdirSync(platforms)) cpSync(join(platforms, name), join(to, '@esbuild', name), { recursive: true });
}

/** The sdk's types as a script that declares the module 'motia', without what the types of a project add to it. */
function ambientTypes() {
  const types = join(here, 'dist', 'types');
  node([join('node_modules', 'typescript', 'bin', 'tsc'), '--project', 'sdk']);
  const files = readdirSync(types).filter((name) => name !== 'index.d.ts' && name !== 'project.d.ts');
  const declarations = files.sort().map((name) => declarationsOf(readFileSync(join(types, name), 'utf8')));
  rmSync(types, { recursive: true });
  const globals = readFileSync(join(here, 'sdk', 'globals.d.ts'), 'utf8');
  // Configs that were written for other versions import from these; what they get is ours.
  const others = "declare module '@motiadev/core' {\n  export * from 'motia';\n}\n\ndeclare module '@motiadev/adapter-*';\n";
  const workbench = readFileSync(join(here, 'sdk', 'workbench.d.ts'), 'utf8');
  return `${globals}\ndeclare module 'motia' {\n${declarations.join('\n')}}\n\n${workbench}\n${others}`;
}

/** The declarations of one file as they stand inside a module: indented, without imports and `declare`. */
function declarationsOf(text) {
  const bare = text.replace(/^(import [^;]*|export \{\});\n/gm, '').replace(/^export declare /gm, 'export ');
  return bare.replace(/^((?: {4})*)(?= ?\S)/gm, (spaces) => `  ${' '.repeat(spaces.length / 2)}`);
}

/** The modules that user code imports from us; the second and third are made of plain CommonJS. */
async function bundleModules(folder) {
  await bundle(['sdk/index.ts'], { outfile: `${folder}/motia.cjs` });
  await bundle(['src/core-module.cts'], { outfile: `${folder}/core.cjs`, external: ['./motia.cjs', './adapters.cjs'] });
  await bundle(['src/described.cts'], { outfile: `${folder}/adapters.cjs` });
}

async function buildDist() {
  rmSync(join(here, 'dist'), { recursive: true, force: true });
  await bundle(['src/start.ts'], { outfile: 'dist/main.js', target: 'node10', external: ['./runner.js'] });
  await bundle(['src/main.ts'], { outfile: 'dist/runner.js' });
  await bundleZod('dist');
  await bundleModules('dist');
  writeFileSync(join(here, 'dist', 'motia.d.ts'), ambientTypes());
  writeFileSync(join(here, 'dist', 'package.json'), '{ "type": "commonjs" }\n');
  copyEsbuild();
}

async function runTests() {
  rmSync(join(here, '.test-build'), { recursive: true, force: true });
  const tests = readdirSync(join(here, 'test')).filter((name) => name.endsWith('.test.ts'));
  await bundleZod('.test-build');
  await bundleModules('.test-build');
  await bundle(
    tests.map((name) => `test/${name}`),
    { outdir: '.test-build', outExtension: { '.js': '.cjs' }, sourcemap: 'inline' },
  );
  node(['--enable-source-maps', '--test', ...tests.map((name) => `.test-build/${name.replace(/ts$/, 'cjs')}`)]);
}

await (process.argv.includes('--test') ? runTests() : buildDist());
