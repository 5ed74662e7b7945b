// Why a file did not load, where, and what mends it.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FailureKind, type LoadFailure } from './_gen/runtime/runner/v1/runner.js';
import { firstOwnPlace, toFailure } from './failure.js';
import { fromRoot, isOwnFile } from './project.js';
import { SourceError } from './transform.js';

const NPM_LOCKS = ['package-lock.json', 'npm-shrinkwrap.json'];
const OTHER_LOCKS = { 'pnpm-lock.yaml': 'pnpm', 'yarn.lock': 'yarn', 'bun.lock': 'bun', 'bun.lockb': 'bun' };

/** A file that loads but does not define what it should. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';

  constructor(
    message: string,
    /** What mends it, as one sentence. */
    readonly fix: string,
  ) {
    super(message);
  }
}

/** Why a file has no config: it has one that it keeps to itself, or none, as in `example`. */
export function withoutConfig(path: string, example: string): DefinitionError {
  if (!/^(?:const|let|var)\s+config\b/m.test(readFileSync(path, 'utf8'))) {
    return new DefinitionError('the file exports no config', `Add: ${example}`);
  }
  return new DefinitionError('the file has a config and does not export it', 'Put `export` before it.');
}

/** What is told about one failure. */
interface Account {
  type?: string;
  message?: string;
  file?: string;
  line?: number;
  column?: number;
  fix?: string;
}

/** Makes the entry of a file that threw while it was loaded; `root` is the project's path. */
export function loadFailure(file: string, error: unknown, root: string): LoadFailure {
  const account = accountOf(error, root);
  const failure = toFailure(error, root, FailureKind.LOAD);
  const place = account.file === undefined ? file : fromRoot(account.file, root);
  return {
    file,
    failure: { ...failure, type: account.type ?? failure.type, message: account.message ?? failure.message, retryable: false },
    line: account.line ?? 0,
    column: account.column ?? 0,
    locationFile: place === file ? '' : place,
    fix: account.fix ?? '',
  };
}

function accountOf(error: unknown, root: string): Account {
  if (error instanceof SourceError) return ofSource(error);
  if (error instanceof DefinitionError) return { type: '', fix: error.fix };
  if (!(error instanceof Error)) return {};
  const place = firstOwnPlace(String(error.stack), root) ?? {};
  switch ((error as NodeJS.ErrnoException).code) {
    case 'MODULE_NOT_FOUND':
      return { ...place, ...ofMissing(error, root) };
    case 'ERR_INVALID_PACKAGE_CONFIG':
      return ofManifest(error, root) ?? place;
    case 'ERR_REQUIRE_ESM':
      return { ...place, fix: `Use Node 20.19 or newer, which can load this package; this is ${process.version}.` };
    default:
      return place;
  }
}

function ofSource({ file, line, column, message }: SourceError): Account {
  if (!message.startsWith('Top-level await')) return { file, line, column };
  return {
    file,
    line,
    column,
    message: 'await stands outside of a function',
    fix: 'Move the await into the handler, or into a function that the handler calls.',
  };
}

function ofMissing(error: Error & { requireStack?: string[] }, root: string): Account {
  const request = /Cannot find module '(.+?)'/.exec(error.message)?.[1];
  if (request === undefined) return {};
  const importer = importerOf(error, root);
  const message = `cannot find ${request.startsWith('.') ? 'the file' : 'the package'} "${request}"`;
  return {
    message: importer ? `${message}, which ${importer} imports` : message,
    fix: /^[./]/.test(request) ? `Create the file, or correct the path in ${importer}.` : fixOfPackage(packageOf(request), root),
  };
}

/** A package.json that is no JSON, which Node says of whichever file it happens to resolve something for. */
function ofManifest(error: Error, root: string): Account | undefined {
  const file = /^Invalid package config (.+?)\.?$/m.exec(error.message)?.[1];
  if (file === undefined || !isOwnFile(file, root)) return undefined;
  return { type: '', file, ...faultOf(file), fix: `Correct ${fromRoot(file, root)}; it has to be valid JSON.` };
}

function faultOf(file: string): Account {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
    JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = /^(.*?) (?:in JSON )?at position (\d+)/s.exec(message);
    if (position?.[2] === undefined) return { message };
    const before = text.slice(0, Number(position[2])).split('\n');
    return { message: position[1] ?? message, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }
  return {};
}

function importerOf({ requireStack }: { requireStack?: string[] }, root: string): string {
  const importer = requireStack?.[0] ?? '';
  return isOwnFile(importer, root) ? fromRoot(importer, root) : importer;
}

function fixOfPackage(name: string, root: string): string {
  const other = installerOf(root);
  if (!isNamed(name, root)) return other === undefined ? `Run: npm install ${name}` : `Run: ${other} add ${name}`;
  return `package.json names ${name}, so it only has to be installed. Run: ${other ?? 'runtime'} install`;
}

/** What the project is installed with where that is not npm, by its lock file; `runtime install` leaves it to that. */
function installerOf(root: string): string | undefined {
  const isThere = (lock: string): boolean => existsSync(join(root, lock));
  return NPM_LOCKS.some(isThere) ? undefined : Object.entries(OTHER_LOCKS).find(([lock]) => isThere(lock))?.[1];
}

/** Tells whether the project's package.json names a package; one that cannot be read names none. */
function isNamed(name: string, root: string): boolean {
  try {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    return Object.entries(manifest).some(([key, value]) => /dependencies$/i.test(key) && Object.keys(value ?? {}).includes(name));
  } catch {
    return false;
  }
}

function packageOf(request: string): string {
  return request.split('/', request.startsWith('@') ? 2 : 1).join('/');
}
