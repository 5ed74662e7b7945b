// The components that draw steps in the Workbench: each bundled as one ES module that a browser can load.

import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type * as Esbuild from 'esbuild';
import { fromRoot } from './project.js';
import { Tsconfigs } from './tsconfig.js';

/** What the page has for components, by the names that they import; the bundle takes it from there. */
const SHARED = /^(?:react|react\/jsx-runtime|react\/jsx-dev-runtime|react-dom|react-dom\/client|motia\/workbench)$/;
/** Where the page keeps it. */
const PLACE = 'globalThis.__runtimeWorkbench';
const STYLES = /\.(?:css|scss|sass|less|styl)$/;
const IMAGES = /\.(?:png|jpe?g|gif|webp|avif|svg|ico)$/;
const MAX_IMAGE_BYTES = 128 * 1024;
/** Faults of one bundle that are told. */
const MAX_TOLD = 3;

/** A component that cannot be bundled; the message begins with the place, as far as it is known. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
}

/** Bundles components. */
export class Nodes {
  private building = 0;

  /** `root` is the project's path. */
  constructor(private readonly root: string) {}

  /** Gives the text of the module for a file relative to the root. Throws a `NodeError`, also for more than so many bytes. */
  async bundle(file: string, maxBytes: number): Promise<string> {
    // Loaded when first needed: most runners bundle nothing.
    const esbuild = require('esbuild') as typeof Esbuild;
    this.building += 1;
    try {
      const { outputFiles } = await esbuild.build(optionsOf(this.root, file));
      return withinBounds(file, outputFiles[0]?.contents ?? new Uint8Array(), maxBytes);
    } catch (error) {
      throw inWords(error, file);
    } finally {
      this.building -= 1;
      if (this.building === 0) void esbuild.stop(); // its process would stay otherwise, for nothing
    }
  }
}

function optionsOf(root: string, file: string) {
  return {
    absWorkingDir: root,
    entryPoints: [join(root, file)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    logLevel: 'silent',
    // Whatever the project's tsconfig says of JSX: what draws is the page's React.
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx' } },
    plugins: [workbench(root, file)],
  } as const satisfies Esbuild.BuildOptions;
}

function withinBounds(file: string, contents: Uint8Array, maxBytes: number): string {
  if (contents.length <= maxBytes) return Buffer.from(contents).toString('utf8');
  throw new NodeError(`${file}: the component has ${contents.length} bytes with all that it imports, over the limit of ${maxBytes}`);
}

function workbench(root: string, file: string): Esbuild.Plugin {
  const tsconfigs = new Tsconfigs();
  return {
    name: 'workbench',
    setup(build) {
      build.onResolve({ filter: SHARED }, ({ path }) => ({ path, namespace: 'workbench' }));
      build.onLoad({ filter: /^/, namespace: 'workbench' }, ({ path }) => ({ contents: sharedModule(path), loader: 'js' }));
      build.onResolve({ filter: STYLES }, ({ path }) => {
        const text = `"${path}" is a style sheet, which components cannot import: write style={{ ... }}, or class names of the Workbench`;
        return { errors: [{ text }] };
      });
      build.onResolve({ filter: /^[^./]/ }, async ({ path, resolveDir, kind, pluginData }) => {
        if (pluginData === workbench || kind === 'entry-point') return undefined;
        for (const candidate of tsconfigs.of(join(resolveDir, basename(file))).candidates(path)) {
          const found = await build.resolve(candidate, { resolveDir, kind, pluginData: workbench });
          if (found.errors.length === 0) return found;
        }
        return undefined;
      });
      build.onLoad({ filter: IMAGES }, async ({ path }) => {
        const { size } = statSync(path);
        if (size <= MAX_IMAGE_BYTES) return { contents: await readFile(path), loader: 'dataurl' };
        const text = `${fromRoot(path, root)} has ${size} bytes; an image in a component has at most ${MAX_IMAGE_BYTES}`;
        return { errors: [{ text }] };
      });
    },
  };
}

/** What stands for a module that the page has: it says so where it was loaded elsewhere. */
function sharedModule(name: string): string {
  const key = JSON.stringify(name);
  const missing = JSON.stringify(`the page has no "${name}" for this component`);
  return `const found = ${PLACE}?.[${key}];\nif (found === undefined) throw new Error(${missing});\nmodule.exports = found;\n`;
}

function inWords(error: unknown, file: string): unknown {
  const faults = (error as Partial<Esbuild.BuildFailure>).errors;
  if (faults === undefined || faults.length === 0) return error;
  const told = faults.slice(0, MAX_TOLD).map((fault) => `${placeOf(fault.location, file)}: ${fault.text}`);
  const more = faults.length > MAX_TOLD ? [`and ${faults.length - MAX_TOLD} more`] : [];
  return new NodeError([...told, ...more].join('\n'));
}

/** File, line and column as people count them; the bundler counts the bytes before. */
function placeOf(location: Esbuild.Location | null, file: string): string {
  if (location === null) return file;
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString();
  return `${location.file}:${location.line}:${[...before].length + 1}`;
}
