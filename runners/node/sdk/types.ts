// What handlers work with: requests, responses and the context.

import type { FlowContextStateStreams } from './project.js';

// ---------------------------------------------------------------- requests

/** A query parameter: text, a list where the key is repeated, a map for `a[b]=1`. */
export type QueryValue = string | QueryValue[] | { [key: string]: QueryValue };

/** A request. Middleware may set further fields; declare them by augmenting this interface. */
export interface ApiRequest {
  method: string;
  /** Without the query. */
  path: string;
  pathParams: Record<string, string>;
  queryParams: Record<string, any>;
  /** Names in lower case; a list where the header is repeated. */
  headers: Record<string, string | string[] | undefined>;
  /** Parsed by content type; `{}` when there is none. */
  body: any;
  /** Exactly what arrived: text when it is UTF-8, else bytes. */
  rawBody: string | Uint8Array;
}

/** A request whose parts have known types. */
export type TypedRequest<TBody = any, TPathParams = Record<string, string>, TQueryParams = Record<string, any>> = Omit<
  ApiRequest,
  'body' | 'pathParams' | 'queryParams'
> & { body: TBody; pathParams: TPathParams; queryParams: TQueryParams };

/** Headers of a response; a list repeats its header. */
export type ResponseHeaders = Record<string, string | number | readonly string[]>;

/** A server-sent event, of a body with the content type `text/event-stream`. */
export interface ServerSentEvent {
  event?: string;
  id?: string | number;
  /** Milliseconds after which the client connects again. */
  retry?: number;
  /** Text as it is, anything else as JSON. */
  data?: unknown;
}

/** What a streamed body is made of. */
export type BodyPiece = string | Uint8Array | ServerSentEvent;

/** A body that is sent as it is produced: an async generator, a generator or a stream. */
export type StreamedBody<TPiece = BodyPiece> = AsyncIterable<TPiece> | Iterator<TPiece>;

/**
 * What an api step returns. Text goes out as text, bytes as bytes, a generator or a stream (`StreamedBody`) piece by piece,
 * anything else as JSON.
 */
export interface ApiResponse<TStatus extends number = number, TBody = any> {
  status: TStatus;
  body?: TBody | StreamedBody;
  headers?: ResponseHeaders;
}

/** A response whose body has a schema; one that is sent as it is produced is not checked by it. */
export interface TypedResponse<TStatus extends number, TBody> {
  status: TStatus;
  body: TBody | StreamedBody;
  headers?: ResponseHeaders;
}

// ---------------------------------------------------------------- context

/** What an emitted event may carry besides topic and data. */
export interface EmitOptions {
  /** Events of one group are handled in order; needed by fifo subscribers. */
  messageGroupId?: string;
  /** Seconds, or the time at which to deliver. */
  delay?: number | string | Date;
  /** A second emit with the same key is answered with the first one's id. */
  idempotencyKey?: string;
  /** Higher goes first. */
  priority?: number;
}

/** An event to emit. */
export interface EmittedEvent {
  topic: string;
  data?: any;
}

/** What `emit('topic', ...)` takes after the topic. */
export type EmitArguments<TData> = undefined extends TData
  ? [data?: TData, options?: EmitOptions]
  : [data: TData, options?: EmitOptions];

/** The data of the events with this topic. */
export type EmitData<TEvent, TTopic> = TEvent extends { topic: TTopic; data?: infer TData } ? TData : never;

/** Emits an event; gives its id once it is safely kept. `TEvent` is the union of what may be emitted. */
export interface Emitter<TEvent extends EmittedEvent = EmittedEvent> {
  (event: TEvent & EmitOptions): Promise<string>;
  <TTopic extends TEvent['topic']>(topic: TTopic, ...rest: EmitArguments<EmitData<TEvent, TTopic>>): Promise<string>;
}

/** Writes log lines that carry the trace id and the step's name. */
export interface Logger {
  debug(message: string, data?: unknown): void;
  info(message: string, data?: unknown): void;
  warn(message: string, data?: unknown): void;
  error(message: string, data?: unknown): void;
}

/** Where in a value an operation works: keys joined by dots, or a list of keys; the whole value when absent. */
export type UpdatePath = string | readonly string[];

/** One change in an atomic update. */
export type UpdateOperation =
  | { op: 'set'; path?: UpdatePath; value: unknown }
  /** By 1 when there is no value; what is not there counts as 0. */
  | { op: 'increment' | 'decrement'; path?: UpdatePath; value?: number | bigint }
  /** To the end of a list, which is made when it is not there. */
  | { op: 'append'; path?: UpdatePath; value: unknown }
  /** The keys of an object into another, which is made when it is not there. */
  | { op: 'merge'; path?: UpdatePath; value: object }
  | { op: 'remove'; path?: UpdatePath };

/** Conditions of a write to state. */
export interface StateSetOptions {
  /** Seconds, over 0, until the value is gone; without it the value stays, also one that was to go. */
  ttl?: number;
  /** Writes only when the stored version is this one, 0: when there is no value; else throws a `VersionConflict`. */
  ifVersion?: number;
}

/** A value and the version that the write of it has made. */
export interface StateEntry<T = any> {
  value: T;
  /** Greater after each write; for `ifVersion`. */
  version: number;
}

/** Values by group and key. Without a group, the group `default` is meant. */
export interface StateManager {
  /** Gives the value, null when there is none. */
  get<T = any>(group: string, key: string): Promise<T | null>;
  get<T = any>(key: string): Promise<T | null>;
  /** Gives the value with its version, null when there is none. */
  getEntry<T = any>(group: string, key: string): Promise<StateEntry<T> | null>;
  getEntry<T = any>(key: string): Promise<StateEntry<T> | null>;
  /** Stores a value and gives it back. */
  set<T>(group: string, key: string, value: T, options?: StateSetOptions): Promise<T>;
  set<T>(key: string, value: T): Promise<T>;
  /** With options the group can only be left out before a value that could be no key: a text or a number would be one. */
  set<T extends object | boolean>(key: string, value: T, options: StateSetOptions): Promise<T>;
  /** Removes a value and gives it, null when there was none. */
  delete<T = any>(group: string, key: string): Promise<T | null>;
  delete<T = any>(key: string): Promise<T | null>;
  /** Gives the values of a group in the order in which they were first set. */
  getGroup<T = any>(group: string): Promise<T[]>;
  /** Removes a group. */
  clear(group: string): Promise<void>;
  /** Changes a value in one step and gives the new one. */
  update<T = any>(group: string, key: string, operations: readonly UpdateOperation[]): Promise<T>;
  update<T = any>(key: string, operations: readonly UpdateOperation[]): Promise<T>;
  /** Gives the keys of a group in the order in which they were first set. */
  keys(group: string): Promise<string[]>;
}

/** What a client subscribes to: a group, or one item of it. */
export interface StreamSubscription {
  groupId: string;
  id?: string;
}

/** A stream item as it is stored. */
export type StreamItem<TData> = TData & { id: string };

/** One stream. */
export interface MotiaStream<TData = any> {
  /** Gives the item, null when there is none. */
  get(groupId: string, id: string): Promise<StreamItem<TData> | null>;
  /** Creates or replaces an item and gives it with its metadata. */
  set(groupId: string, id: string, data: TData): Promise<StreamItem<TData>>;
  /** Removes an item and gives it, null when there was none. */
  delete(groupId: string, id: string): Promise<StreamItem<TData> | null>;
  /** Gives the items of a group in the order in which they were created. */
  getGroup(groupId: string): Promise<StreamItem<TData>[]>;
  /** Changes an item in one step and gives the new one. */
  update(groupId: string, id: string, operations: readonly UpdateOperation[]): Promise<StreamItem<TData>>;
  /** Sends an event that is not kept to the group's clients, or to those of one item. */
  send(channel: StreamSubscription, event: { type: string; data?: unknown }): Promise<void>;
}

/** Texts that clients read while they are written, each by its id. */
export interface TextStream {
  /** Adds to the end of a text, which begins with its first piece. What one run writes arrives in the order of the calls. */
  write(id: string, text: string): Promise<void>;
  /** Ends a text; without effect when it has ended. */
  close(id: string): Promise<void>;
}

/** Which trigger fired. */
export interface FiredTrigger {
  type: 'api' | 'event' | 'cron' | 'state' | 'stream';
  /** Place in the config's `triggers`; 0 for a config without. */
  index: number;
  /** The topic, the cron expression, the group of state or the stream; absent for requests. */
  source?: string;
}

/** What a handler works with. */
export interface FlowContext<TEvent extends EmittedEvent = any> {
  emit: Emitter<TEvent>;
  logger: Logger;
  state: StateManager;
  streams: FlowContextStateStreams;
  stream: TextStream;
  /** 32 hex digits, the same for all that one cause set going. */
  traceId: string;
  flows: readonly string[];
  trigger: FiredTrigger;
  /** Counts deliveries of the same cause, from 1. */
  attempt: number;
  /** Aborted when the run is no longer wanted. */
  readonly signal: AbortSignal;
  /** When the core will give the run up; absent for never. */
  readonly deadline?: Date;
  /** Names the cause across attempts; absent for requests. */
  idempotencyKey?: string;
}
