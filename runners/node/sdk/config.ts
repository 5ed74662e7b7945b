// What step files and stream files say about themselves.

import type { ApiMiddleware, ChangeOperation } from './handlers.js';
import type { StreamSubscription } from './types.js';

/** A schema: JSON Schema as a plain object, or an object of a schema library such as zod. */
export type Schema = object;

/** A topic in `emits`; label and conditional are for the Workbench's drawing only, `schema` is what the data promise. */
export type Emit = string | { topic: string; label?: string; conditional?: boolean; schema?: Schema };

/** What follows when a value does not fit its schema; true is 'enforce', false is 'off'. */
export type Validation = 'off' | 'warn' | 'enforce' | boolean;

/** HTTP methods that a step can serve. */
export type ApiRouteMethod = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'OPTIONS' | 'HEAD';

/** Documents one query parameter. */
export interface QueryParam {
  name: string;
  description?: string;
  required?: boolean;
  schema?: Schema;
}

/** How the core runs an event step. Times in seconds. */
export interface Infrastructure {
  handler?: { ram?: number; cpu?: number; timeout?: number; atomic?: boolean };
  queue?: {
    type?: 'standard' | 'fifo';
    /** Tries after the first; 3 when absent. */
    maxRetries?: number;
    visibilityTimeout?: number;
    delaySeconds?: number;
    concurrency?: number;
    backoff?: { type?: 'exponential' | 'fixed'; delay?: number; factor?: number; max?: number; jitter?: boolean | number };
  };
}

/** What made a step run: a request, an event, a schedule, a change of state or of a stream. */
export type Trigger = ApiTrigger | EventTrigger | CronTrigger | StateTrigger | StreamTrigger;

/** An HTTP request. */
export interface ApiTrigger {
  type: 'api';
  /** Such as `/users/:id`, `/files/*` or `/files/:rest*`. */
  path: string;
  method: ApiRouteMethod;
  bodySchema?: Schema | null;
  /** One schema, or schemas by status and 'default' for every other. */
  responseSchema?: Schema | Partial<Record<number | 'default', Schema>>;
  /** A list, or the schema of an object with a property a parameter. */
  queryParams?: readonly QueryParam[] | Schema;
  /** The schema of an object with a property a parameter. */
  pathParams?: Schema;
}

/** An event of one topic. */
export interface EventTrigger {
  type: 'event';
  topic: string;
  input?: Schema | null;
}

/** A schedule. */
export interface CronTrigger {
  type: 'cron';
  /** Five or six fields (seconds first), or a name such as `@hourly`. */
  cron: string;
  /** IANA name; the machine's time zone when absent. */
  timezone?: string;
  /** Which ticks are made up for that were missed while the runtime was down; none when absent. */
  catchUp?: 'none' | 'last' | 'all';
  /** What happens at a tick while the run before is not done; skip when absent. */
  overlap?: 'skip' | 'queue' | 'allow';
}

/** A change in state. */
export interface StateTrigger {
  type: 'state';
  groupId: string;
  key?: string;
  on?: readonly ChangeOperation[];
}

/** A change in a stream. */
export interface StreamTrigger {
  type: 'stream';
  streamName: string;
  groupId?: string;
  id?: string;
  on?: readonly ChangeOperation[];
}

/** What every kind of step may say about itself. */
export interface BaseConfig {
  /** The file's stem when absent. */
  name?: string;
  description?: string;
  flows?: readonly string[];
  emits?: readonly Emit[];
  virtualEmits?: readonly Emit[];
  virtualSubscribes?: readonly Emit[];
  /** Globs, relative to the step file. */
  includeFiles?: readonly string[];
  infrastructure?: Infrastructure;
  /** The project's when absent. */
  validate?: Validation;
}

/** A step that answers HTTP requests. */
export interface ApiRouteConfig extends BaseConfig, ApiTrigger {
  middleware?: readonly ApiMiddleware[];
}

/** A step that takes events. */
export interface EventConfig extends BaseConfig {
  type: 'event';
  subscribes: readonly string[];
  input?: Schema | null;
}

/** A step that runs by the clock. */
export interface CronConfig extends BaseConfig, CronTrigger {}

/** A node in the drawing that runs nothing. */
export interface NoopConfig extends BaseConfig {
  type: 'noop';
}

/** A step that runs when state changes. */
export interface StateConfig extends BaseConfig, StateTrigger {}

/** A step that runs when a stream changes. */
export interface StreamChangeConfig extends BaseConfig, StreamTrigger {}

/** A step with several triggers; `ctx.trigger` says which one fired. */
export interface TriggersConfig extends BaseConfig {
  triggers: readonly Trigger[];
  middleware?: readonly ApiMiddleware[];
}

/** The config of any step. */
export type StepConfig =
  | ApiRouteConfig
  | EventConfig
  | CronConfig
  | NoopConfig
  | StateConfig
  | StreamChangeConfig
  | TriggersConfig;

/**
 * The config of a stream file. `TAuth` is what the project's `streamAuth.authenticate` gives for a client; a client that it
 * gives nothing for is anonymous: null.
 */
export interface StreamConfig<TAuth = any> {
  name: string;
  schema?: Schema;
  baseConfig?: { storageType: 'default' };
  /** Decides whether a client may subscribe; every client may when absent, none when it throws. */
  canAccess?: (subscription: StreamSubscription, authContext: TAuth | null) => boolean | Promise<boolean>;
  /** Runs when a client has subscribed. */
  onJoin?: (subscription: StreamSubscription, authContext: TAuth | null) => unknown;
  /** Runs when a client has left, or lost its connection. */
  onLeave?: (subscription: StreamSubscription, authContext: TAuth | null) => unknown;
}
