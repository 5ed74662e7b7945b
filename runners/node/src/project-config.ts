// The project's config file: what is in it, for the core and for the hooks.

import { join } from 'node:path';
import { isConfig } from '../sdk/project-config.js';
import type { LoadFailure } from './_gen/runtime/runner/v1/runner.js';
import { Hook } from './_gen/runtime/runner/v1/runner.js';
import { DefinitionError, loadFailure, withoutConfig } from './load-failure.js';
import type { Callable } from './loader.js';
import type { Modules } from './modules.js';
import { MAX_DEPTH } from './refusal.js';
import { isSchemaObject } from './schemas.js';
import { encode } from './values.js';

const EXAMPLE = "export default config({ streamAuth: { authenticate: async ({ headers, url }) => null } }), with config from 'motia'";

type Config = Readonly<Record<string, unknown>>;

/** Why the config did not load; the message begins with the place. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The config of the last load. */
export class ProjectConfig {
  private loaded: { file: string; config: Config } | undefined;

  /** `root` is the project's path. */
  constructor(
    private readonly modules: Modules,
    private readonly root: string,
  ) {}

  /** Loads the file anew and gives what the core gets. Throws `ConfigError`. */
  load(file: string): Buffer {
    this.loaded = undefined;
    const config = this.config(file, true);
    const hooks = authenticateOf(config) === undefined ? [] : [Hook.AUTHENTICATE];
    const shown = Object.entries(config).map(([key, value]) => [key, plain(value, []) ?? null]);
    const functions = Object.keys(config).filter((key) => holdsFunction(config[key], new Set()));
    return encode({ config: Object.fromEntries(shown), hooks, functions }, 'config', () => null);
  }

  /** Gives `streamAuth.authenticate` of the file, which is loaded unless it is already. Throws `ConfigError`. */
  authenticate(file: string): Callable | undefined {
    return authenticateOf(this.config(file));
  }

  private config(file: string, anew = false): Config {
    if (this.loaded?.file === file) return this.loaded.config;
    try {
      if (anew) this.modules.forget(join(this.root, file));
      const path = join(this.root, file);
      const found = candidate(this.modules.load(path));
      if (found === undefined) throw withoutConfig(path, EXAMPLE);
      const config = checked(found);
      this.loaded = { file, config };
      return config;
    } catch (error) {
      throw new ConfigError(inWords(loadFailure(file, error, this.root)), { cause: error });
    }
  }
}

function checked(found: unknown): Config {
  if (typeof found === 'object' && found !== null && !Array.isArray(found) && !(found instanceof Promise)) return found as Config;
  const got = found instanceof Promise ? 'a Promise' : Array.isArray(found) ? 'a list' : found === null ? 'null' : `a ${typeof found}`;
  throw new DefinitionError(`the config must be an object, but it is ${got}`, `Write: ${EXAMPLE}`);
}

/** Finds the config among the exports, or as what `module.exports` was set to. */
function candidate(exported: unknown): unknown {
  if (typeof exported !== 'object' || exported === null || isConfig(exported)) return exported;
  if ('config' in exported && 'default' in exported && exported.config !== exported.default) {
    throw new DefinitionError('the file exports a config and a default that differ', 'Keep one of them, as the default or as config');
  }
  if ('config' in exported) return withAuth(exported.config, exported);
  if ('default' in exported) return withAuth(exported.default, exported);
  // An export that was forgotten leaves an empty object behind.
  return '__esModule' in exported || Object.keys(exported).length === 0 ? undefined : exported;
}

/** Gives the config; throws a `DefinitionError` for a guard that is exported beside one without, and would never be asked. */
function withAuth(config: unknown, exported: object): unknown {
  const beside = ['streamAuth', 'authenticate'].find((name) => name in exported);
  const has = typeof config === 'object' && config !== null && 'streamAuth' in config;
  if (beside === undefined || has) return config;
  throw new DefinitionError(`${beside} is exported beside the config, where nothing reads it`, 'Write config({ streamAuth: { authenticate } })');
}

function authenticateOf({ streamAuth }: Config): Callable | undefined {
  if (typeof streamAuth !== 'object' || streamAuth === null || !('authenticate' in streamAuth)) return undefined;
  const { authenticate } = streamAuth;
  return typeof authenticate === 'function' ? (authenticate.bind(streamAuth) as Callable) : undefined;
}

/** Tells whether a function stands anywhere inside of a value, those of classes and of schemas aside; `seen` are not looked at. */
function holdsFunction(value: unknown, seen: Set<object>, depth = 0): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null || seen.has(value) || depth > MAX_DEPTH || ArrayBuffer.isView(value)) return false;
  seen.add(value);
  const parts = isSchemaObject(value) ? [] : Object.values(Object.getOwnPropertyDescriptors(value));
  return parts.some((part) => holdsFunction(part.value, seen, depth + 1));
}

/** Gives data as they are, other objects by the name of their class, and nothing for functions and schemas. */
function plain(value: unknown, within: readonly object[]): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  if (within.includes(value) || within.length >= MAX_DEPTH || isSchemaObject(value)) return undefined;
  const inside = (item: unknown): unknown => plain(item, [...within, value]);
  if (Array.isArray(value)) return value.filter((item) => typeof item !== 'function').map(inside);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item)]));
  }
  return { adapter: String(value.constructor?.name), options: 'options' in value ? inside(value.options) : undefined };
}

function inWords({ file, failure, line, column, locationFile, fix }: LoadFailure): string {
  const place = [locationFile || file, ...(line ? [line] : []), ...(line && column ? [column] : [])].join(':');
  const type = failure?.type ? `${failure.type}: ` : '';
  return `${place}: ${type}${failure?.message ?? ''}${fix && `. ${fix}`}`;
}
