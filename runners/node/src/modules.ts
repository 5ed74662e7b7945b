// Teaches Node's module system the project: TypeScript and ES modules through `require`, imports without
// endings, tsconfig paths, and 'motia'. What lies in node_modules is left to Node.

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import Module, { createRequire, isBuiltin } from 'node:module';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exports as packageExports } from 'resolve.exports';
import { fromRoot, isOwnFile } from './project.js';
import { ENDINGS, Transformer } from './transform.js';
import { Tsconfigs } from './tsconfig.js';

/** Names that mean files beside the SDK, whatever is installed under them. */
const OURS: readonly (readonly [RegExp, string])[] = [
  [/^motia$/, 'motia.cjs'],
  [/^@motiadev\/core$/, 'core.cjs'],
  [/^@motiadev\/adapter-[^/]+$/, 'adapters.cjs'],
];
const TYPESCRIPT = ['.ts', '.tsx', '.mts', '.cts'];
const JAVASCRIPT = ['.js', '.jsx', '.mjs', '.cjs'];
/** What a specifier's ending may mean in TypeScript, where imports name the file that will be compiled. */
const COMPILED_FROM: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
};
/** Frames of an error's stack that are kept: the user's may lie below those of Node or of a package. */
const STACK_FRAMES = 30;
const INSTALLED = `${sep}node_modules${sep}`;

type Handler = (module: CompilableModule, file: string) => void;
type CompilableModule = NodeModule & { _compile(code: string, file: string): void };

/** The parts of Node's module system that have no types; they have been stable since Node 0.x. */
interface Internals {
  _resolveFilename(request: string, parent: NodeModule | undefined, ...rest: unknown[]): string;
  _extensions: Record<string, Handler | undefined>;
}

/** Where the project, the SDK and the cache are. */
export interface Places {
  /** Absolute path of the project, without symbolic links. */
  root: string;
  /** The folder of the modules that are ours. */
  sdk: string;
  /** May be empty: nothing is kept then. */
  cacheDir: string;
}

/** The project's modules. One in a process: it changes Node's own module system. */
export class Modules {
  private readonly node = Module as unknown as Internals;
  private readonly resolveByNode = this.node._resolveFilename;
  private readonly tsconfigs = new Tsconfigs();
  private readonly transformer: Transformer;
  private readonly require: NodeJS.Require;

  constructor(private readonly places: Places) {
    this.transformer = new Transformer(places.cacheDir);
    this.require = createRequire(join(places.root, 'package.json'));
    Error.stackTraceLimit = STACK_FRAMES;
    process.setSourceMapsEnabled(true);
    this.node._resolveFilename = (request, parent, ...rest) => this.resolve(request, parent, rest);
    const plain = this.node._extensions['.js'] as Handler;
    for (const ending of ENDINGS) this.node._extensions[ending] = this.handler(this.node._extensions[ending] ?? plain);
  }

  /** Loads a file of the project and gives its exports. Throws what the file throws. */
  load(file: string): unknown {
    return this.require(file);
  }

  /** Does what the first file takes long for, beforehand. */
  warmUp(): void {
    this.transformer.warmUp();
  }

  /** Makes a file be loaded anew the next time. */
  forget(file: string): void {
    delete this.require.cache[realpathSync.native(file)];
  }

  /** Gives the project files that a loaded file imports, directly or not, relative to the root. */
  importsOf(file: string): string[] {
    const seen = new Set<NodeModule>();
    const collect = (module: NodeModule | undefined): void => {
      if (module === undefined || seen.has(module) || !isOwnFile(module.filename, this.places.root)) return;
      seen.add(module);
      module.children.forEach(collect);
    };
    const start = this.require.cache[realpathSync.native(file)];
    collect(start);
    if (start !== undefined) seen.delete(start);
    return [...seen].map((module) => fromRoot(module.filename, this.places.root)).sort();
  }

  private handler(byNode: Handler): Handler {
    return (module, file) => {
      const installedScript = file.includes(INSTALLED) && !TYPESCRIPT.some((ending) => file.endsWith(ending));
      if (installedScript || dirname(file) === this.places.sdk) return byNode(module, file);
      const { compilerOptions } = this.tsconfigs.of(file);
      module._compile(this.transformer.transform(file, readFileSync(file, 'utf8'), compilerOptions), file);
    };
  }

  private resolve(request: string, parent: NodeModule | undefined, rest: unknown[]): string {
    if (request.startsWith('@motiadev/') || request === 'motia') {
      const ours = OURS.find(([name]) => name.test(request))?.[1];
      if (ours !== undefined) return join(this.places.sdk, ours);
    }
    const byNode = (): string => this.resolveByNode.call(Module, request, parent, ...rest);
    const importer = parent?.filename ?? undefined;
    if (isBuiltin(request) || importer === undefined || importer.includes(INSTALLED)) return byNode();
    const path = request.startsWith('file:') ? fileURLToPath(request) : request;
    if (isAbsolute(path) || /^\.\.?(?:\/|$)/.test(path)) {
      return existing(resolve(dirname(importer), path), importer) ?? byNode();
    }
    for (const candidate of this.tsconfigs.of(importer).candidates(request)) {
      const file = existing(candidate, importer);
      if (file !== undefined) return file;
    }
    return resolvePackage(request, importer, byNode);
  }
}

/** Gives the file that a path without a certain ending means; undefined when there is none. */
function existing(path: string, importer: string): string | undefined {
  if (isFile(path)) return realpathSync.native(path);
  const fromTypescript = TYPESCRIPT.some((ending) => importer.endsWith(ending));
  const endings = fromTypescript ? [...TYPESCRIPT, ...JAVASCRIPT] : [...JAVASCRIPT, ...TYPESCRIPT];
  const ending = /\.[mc]?jsx?$/.exec(path)?.[0] ?? '';
  const stem = path.slice(0, path.length - ending.length);
  const choices = [
    ...[...endings, '.json'].map((end) => path + end),
    ...(COMPILED_FROM[ending] ?? []).map((end) => stem + end),
    ...(existsSync(join(path, 'package.json')) ? [] : endings.map((end) => join(path, `index${end}`))),
  ];
  const found = choices.find(isFile);
  return found === undefined ? undefined : realpathSync.native(found);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Resolves an installed package, also one whose package.json offers nothing but `import`. */
function resolvePackage(request: string, importer: string, byNode: () => string): string {
  try {
    return byNode();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    const file = importOnly(request, importer);
    if (file === undefined) throw error;
    return file;
  }
}

function importOnly(request: string, importer: string): string | undefined {
  const [, name = '', entry = ''] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(request) ?? [];
  for (let folder = dirname(importer); ; folder = dirname(folder)) {
    const home = join(folder, 'node_modules', name);
    if (isFile(join(home, 'package.json'))) {
      const target = packageExports(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')), `.${entry}`)?.[0];
      return target === undefined ? undefined : realpathSync.native(join(home, target));
    }
    if (folder === dirname(folder)) return undefined;
  }
}
