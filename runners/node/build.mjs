// Builds dist/, which holds all that the runner needs at run time. With --test: runs the tests instead, from a folder of their own.

import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

async function buildDist() {
  rmSync(join(here, 'dist'), { recursive: true, force: true });
  await bundle(['src/main.ts'], { outfile: 'dist/main.js' });
  await bundle(['sdk/index.ts'], { outfile: 'dist/motia.cjs' });
  node([join('node_modules', 'typescript', 'bin', 'tsc'), '--project', 'sdk']);
  writeFileSync(join(here, 'dist', 'motia.d.ts'), "export * from './types/index.js';\n");
  writeFileSync(join(here, 'dist', 'package.json'), '{ "type": "commonjs" }\n');
  copyEsbuild();
}

async function runTests() {
  rmSync(join(here, '.test-build'), { recursive: true, force: true });
  const tests = readdirSync(join(here, 'test')).filter((name) => name.endsWith('.test.ts'));
  await bundle(['sdk/index.ts'], { outfile: '.test-build/motia.cjs' });
  await bundle(
    tests.map((name) => `test/${name}`),
    { outdir: '.test-build', outExtension: { '.js': '.cjs' }, sourcemap: 'inline' },
  );
  node(['--enable-source-maps', '--test', ...tests.map((name) => `.test-build/${name.replace(/ts$/, 'cjs')}`)]);
}

await (process.argv.includes('--test') ? runTests() : buildDist());
