// Load -> Manifest: every file is loaded on its own; what goes wrong with one is told, not thrown.

import { join } from 'node:path';
import { Hook, type Load, type Manifest, StepEntry, StreamEntry } from './_gen/runtime/runner/v1/runner.js';
import { type Split, splitConfig, STEP_SCHEMAS, STREAM_SCHEMAS } from './config.js';
import { DefinitionError, loadFailure, withoutConfig } from './load-failure.js';
import type { Modules } from './modules.js';
import { Room } from './room.js';
import { Turns } from './rounds.js';
import { warmUpConverters } from './schemas.js';

const STREAM_HOOKS: ReadonlyMap<string, Hook> = new Map([
  ['canAccess', Hook.CAN_ACCESS],
  ['onJoin', Hook.ON_JOIN],
  ['onLeave', Hook.ON_LEAVE],
]);
const STEP_EXAMPLE = "export const config = { type: 'api', name: 'Hello', method: 'GET', path: '/hello' }";
const STREAM_EXAMPLE = "export const config = { name: 'chat', baseConfig: { storageType: 'default' } }";

/** A function of the user's. */
export type Callable = (...args: any[]) => unknown;
type Config = Record<string, unknown>;

/** A step that can run. */
export interface Step {
  /** The path as `Load` had it. */
  file: string;
  flows: readonly string[];
  middleware: readonly Callable[];
  /** Absent for a step that runs nothing. */
  handler: Callable | undefined;
}

/** Loads files and keeps the steps and hooks of the last `Load`. */
export class Loader {
  private steps = new Map<string, Step>();
  private streams = new Map<string, ReadonlyMap<Hook, Callable>>();

  /** `warn` is told what of a file cannot be used though the file loads. */
  constructor(
    private readonly modules: Modules,
    private readonly root: string,
    private readonly warn: (message: string) => void,
  ) {}

  /** Gives a step of the last `Load`. */
  step(file: string): Step | undefined {
    return this.steps.get(file);
  }

  /** Gives the function that a stream of the last `Load` has for a hook. */
  hook(file: string, hook: Hook): Callable | undefined {
    return this.streams.get(file)?.get(hook);
  }

  /** Does what every first `Load` needs, beforehand. */
  warmUp(): void {
    this.modules.warmUp();
    warmUpConverters();
  }

  /** Loads the files; the steps of an earlier `Load` are gone then. */
  async load({ stepFiles, streamFiles }: Load): Promise<Manifest> {
    const manifest: Manifest = { steps: [], streams: [], loadFailures: [] };
    const steps = new Map<string, Step>();
    const streams = new Map<string, ReadonlyMap<Hook, Callable>>();
    const room = new Room();
    const turns = new Turns();
    const attempt = async (file: string, load: () => void): Promise<void> => {
      const { exit } = process;
      process.exit = (code) => {
        throw new Error(`the file called process.exit(${String(code ?? '')}) while it was loaded`);
      };
      try {
        load();
      } catch (error) {
        manifest.loadFailures.push(room.fitted(loadFailure(file, error, this.root)));
      } finally {
        process.exit = exit;
      }
      if (turns.over) await turns.next(); // a ping may be waiting
    };
    for (const file of stepFiles) await attempt(file, () => manifest.steps.push(this.loadStep(file, steps, room)));
    for (const file of streamFiles) await attempt(file, () => manifest.streams.push(this.loadStream(file, streams, room)));
    this.steps = steps;
    this.streams = streams;
    return manifest;
  }

  private loadStep(file: string, steps: Map<string, Step>, room: Room): StepEntry {
    const { config, handler } = this.define(file, STEP_EXAMPLE);
    const middleware = middlewareOf(config);
    const entry: StepEntry = {
      file,
      ...this.split(file, { ...config, middleware: undefined }, STEP_SCHEMAS),
      hasHandler: typeof handler === 'function',
      middleware: middleware.length,
      imports: this.modules.importsOf(join(this.root, file)),
    };
    room.take(file, StepEntry.encode(entry).finish().length);
    const flows = Array.isArray(config.flows) ? (config.flows as string[]) : [];
    steps.set(file, { file, flows, middleware, handler: typeof handler === 'function' ? (handler as Callable) : undefined });
    return entry;
  }

  private loadStream(file: string, streams: Map<string, ReadonlyMap<Hook, Callable>>, room: Room): StreamEntry {
    const { config } = this.define(file, STREAM_EXAMPLE);
    const hooks = hooksOf(config);
    const entry: StreamEntry = { file, ...this.split(file, config, STREAM_SCHEMAS), hooks: [...hooks.keys()] };
    room.take(file, StreamEntry.encode(entry).finish().length);
    streams.set(file, hooks);
    return entry;
  }

  private split(file: string, config: Config, places: RegExp): Pick<Split, 'config' | 'schemas'> {
    const { config: plain, schemas, unwritten } = splitConfig(config, places, this.root);
    for (const [place, reason] of Object.entries(unwritten)) {
      this.warn(`${file}: ${place} cannot be written as JSON Schema: ${reason}; it is not validated`);
    }
    return { config: plain, schemas };
  }

  private define(file: string, example: string): { config: Config; handler: unknown } {
    const path = join(this.root, file);
    const { config, handler } = definitionIn(this.modules.load(path));
    if (config === undefined) throw withoutConfig(path, example);
    if (typeof config !== 'object' || config === null || Array.isArray(config)) {
      const got = Array.isArray(config) ? 'a list' : config === null ? 'null' : `a ${typeof config}`;
      throw new DefinitionError(`config must be an object, but it is ${got}`, `Write: ${example}`);
    }
    return { config: config as Config, handler };
  }
}

/** Finds config and handler among the exports, or in the default export. */
function definitionIn(exported: unknown): { config?: unknown; handler?: unknown } {
  if (typeof exported !== 'object' || exported === null) return {};
  if ('config' in exported) return exported;
  const inner: unknown = 'default' in exported ? exported.default : undefined;
  return typeof inner === 'object' && inner !== null ? inner : {};
}

/** Finds a stream's functions; one that cannot be what it should is refused, for what it guards would stand open. */
function hooksOf(config: Config): ReadonlyMap<Hook, Callable> {
  const hooks = new Map<Hook, Callable>();
  for (const [key, value] of Object.entries(config)) {
    const hook = STREAM_HOOKS.get(key);
    if (hook !== undefined && typeof value !== 'function') {
      const got = value === null ? 'null' : typeof value;
      throw new DefinitionError(`config.${key} must be a function, but it is ${got}`, `Correct it, or leave ${key} out.`);
    }
    if (hook !== undefined) hooks.set(hook, (value as Callable).bind(config));
    else if (typeof value === 'function' && key !== 'schema') {
      const known = [...STREAM_HOOKS.keys()].join(', ');
      throw new DefinitionError(`config.${key} is a function that nothing calls`, `A stream's functions are ${known}.`);
    }
  }
  return hooks;
}

function middlewareOf({ middleware }: Config): readonly Callable[] {
  if (middleware === undefined || middleware === null) return [];
  const fix = 'Write: middleware: [myMiddleware], where each is a function (req, ctx, next).';
  if (!Array.isArray(middleware)) throw new DefinitionError('config.middleware must be a list of functions', fix);
  const wrong = middleware.findIndex((item) => typeof item !== 'function');
  if (wrong < 0) return middleware as Callable[];
  throw new DefinitionError(`config.middleware[${wrong}] must be a function, but it is a ${typeof middleware[wrong]}`, fix);
}
