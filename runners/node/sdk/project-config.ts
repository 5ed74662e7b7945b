// What the project's config file says: `motia.config.ts` and its like.

import type { Schema } from './config.js';

/** A client that wants to read streams, before it is let in. */
export interface StreamAuthRequest {
  /** Names in lower case; a list where the header is repeated. */
  headers: Record<string, string | string[] | undefined>;
  /** Path and query, as the client sent them. */
  url: string;
}

/** Who may read the project's streams. */
export interface StreamAuthConfig<TAuth = any> {
  /** Says what the auth context looks like, for people. */
  contextSchema?: Schema;
  /** Gives the auth context of a client, null for an anonymous one; a throw refuses the client. */
  authenticate: (request: StreamAuthRequest) => TAuth | null | undefined | Promise<TAuth | null | undefined>;
}

/** What a plugin gets elsewhere; plugins have no effect in this version. */
export type MotiaPluginContext = any;

/** What a plugin gives elsewhere; plugins have no effect in this version. */
export type MotiaPlugin = any;

/** The project's config. */
export interface MotiaConfig<TAuth = any> {
  streamAuth?: StreamAuthConfig<TAuth>;
  /** Has no effect: storage is set in `runtime.yaml`. */
  adapters?: { state?: object; streams?: object; events?: object; cron?: object };
  /** Has no effect. */
  plugins?: readonly ((context: MotiaPluginContext) => MotiaPlugin)[];
  /** Has no effect. */
  redis?: object;
  /** Has no effect. */
  app?: (app: any) => unknown;
}

const MADE = Symbol.for('motia.config');

/** Gives the config that the project's config file exports, as `export default config({ ... })`. */
export function config<TAuth = any>(given: MotiaConfig<TAuth>): MotiaConfig<TAuth> {
  const made: MotiaConfig<TAuth> & { [MADE]?: true } = { ...given };
  made[MADE] = true;
  return made;
}

/**
 * Tells what `config` has given, whichever copy of this module did.
 * @internal
 */
export function isConfig(value: object): boolean {
  return MADE in value;
}
