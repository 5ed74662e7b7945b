// Source text -> CommonJS that Node can compile under the file's own name, kept on disk between starts.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Esbuild from 'esbuild';
import runner from '../package.json' with { type: 'json' };
import type { CompilerOptions } from './tsconfig.js';

const LOADERS: Readonly<Record<string, Esbuild.Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.cts': 'ts',
  '.tsx': 'tsx',
  '.js': 'js',
  '.mjs': 'js',
  '.cjs': 'js',
  '.jsx': 'jsx',
};
/** The settings of a tsconfig that change what code does; the others must not reach the transformer. */
const HEEDED = [
  'experimentalDecorators',
  'jsx',
  'jsxFactory',
  'jsxFragmentFactory',
  'jsxImportSource',
  'target',
  'useDefineForClassFields',
] as const;
type Heeded = Pick<CompilerOptions, (typeof HEEDED)[number]>;
/** A constant that ES modules may have but that is a parameter of Node's CommonJS wrapper. */
const OWN_DIRNAME = /\b(?:const|let|class)\s+__(?:dirname|filename)\b/;

/** File name endings that are transformed. */
export const ENDINGS = Object.keys(LOADERS);

/** A file that is no valid TypeScript or JavaScript. */
export class SourceError extends Error {
  override readonly name = 'SyntaxError';

  /** `line` and `column` (characters) count from 1; 0 when unknown. */
  constructor(
    readonly file: string,
    message: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(message);
  }
}

/** Transforms files, with a cache folder; an empty one means none. */
export class Transformer {
  private folder: string;
  /** What besides a file and its tsconfig decides on its text. */
  private readonly version = [runner.version, runner.dependencies.esbuild, process.version, transformOptions.toString()].join(' ');

  constructor(cacheDir: string) {
    this.folder = cacheDir && join(cacheDir, 'transformed');
  }

  /** Gives the CommonJS text of a file with its source map inside. Throws `SourceError`. */
  transform(file: string, source: string, compilerOptions: CompilerOptions): string {
    const heeded = heededOf(compilerOptions);
    if (!this.folder) return run(file, source, heeded);
    const key = digest(this.version, JSON.stringify(heeded), file, source);
    const place = join(this.folder, `${digest(file)}.js`);
    const kept = readKept(place, key);
    if (kept !== undefined) return kept;
    const code = run(file, source, heeded);
    this.keep(place, `${key}\n${code}`);
    return code;
  }

  /** Does what the first transformation takes long for, beforehand. */
  warmUp(): void {
    run('warm-up.ts', '', {});
  }

  private keep(place: string, text: string): void {
    // Renamed into place: the next generation of this runner may be reading at the same time.
    const part = `${place}.${process.pid}`;
    try {
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(part, text);
      renameSync(part, place);
    } catch {
      this.folder = ''; // a full or read-only disk costs speed, not steps
    }
  }
}

function heededOf(compilerOptions: CompilerOptions): Heeded {
  const keys = HEEDED.filter((key) => compilerOptions[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, compilerOptions[key]]));
}

function transformOptions(file: string, source: string, compilerOptions: Heeded): Esbuild.TransformOptions {
  const meta = { url: pathToFileURL(file).href, filename: file, dirname: dirname(file) };
  const define = Object.entries(meta).map(([key, value]) => [`import.meta.${key}`, JSON.stringify(value)]);
  return {
    // ".mts" would switch to Node's reading of default imports, which is wrong for what `require` gives.
    sourcefile: encodeURIComponent(basename(file, extname(file))) + extname(file).replace(/\.[mc]/, '.'),
    loader: LOADERS[extname(file)] ?? 'js',
    format: 'cjs',
    platform: 'node',
    target: `node${process.versions.node}`,
    supported: { 'dynamic-import': false },
    // Beside an `export`, what is added to `exports` would go to an object that nobody looks at any more.
    define: { ...Object.fromEntries(define), exports: 'module.exports' },
    sourcemap: 'external',
    sourcesContent: false,
    logLevel: 'silent',
    tsconfigRaw: { compilerOptions },
    ...(OWN_DIRNAME.test(source) && { banner: '"use strict";{', footer: '}' }),
  };
}

function run(file: string, source: string, compilerOptions: Heeded): string {
  // Loaded when first needed: with a warm cache a start does without it.
  const esbuild = require('esbuild') as typeof Esbuild;
  try {
    const { code, map } = esbuild.transformSync(source, transformOptions(file, source, compilerOptions));
    return `${code}//# sourceMappingURL=data:application/json;base64,${mapOf(file, map)}\n`;
  } catch (error) {
    const first = (error as Partial<Esbuild.TransformFailure>).errors?.[0];
    if (first === undefined) throw error;
    throw new SourceError(file, first.text, first.location?.line ?? 0, columnOf(first.location));
  }
}

/** The place in the line as people count it; the transformer counts the bytes before it. */
function columnOf(location: Esbuild.Location | null): number {
  if (location === null) return 0;
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString();
  return [...before].length + 1;
}

/** The source map as base64; it names the file as it is, so that debuggers find it. */
function mapOf(file: string, map: string): string {
  const named = { ...JSON.parse(map), sources: [pathToFileURL(file).href] };
  return Buffer.from(JSON.stringify(named)).toString('base64');
}

function readKept(place: string, key: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(place, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  return text.startsWith(`${key}\n`) ? text.slice(key.length + 1) : undefined;
}

function digest(...parts: string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('base64url');
}
