// The functions that step files export, by kind of step.

import type { ApiResponse, EmittedEvent, FlowContext, TypedRequest } from './types.js';

/** Runs around an api step; what it returns is the response. `next` runs what is inside, at most once. */
export type ApiMiddleware<TBody = any, TEvent extends EmittedEvent = any, TResponse extends ApiResponse = ApiResponse> = (
  req: TypedRequest<TBody>,
  ctx: FlowContext<TEvent>,
  next: () => Promise<ApiResponse>,
) => Promise<TResponse | void> | TResponse | void;

/** The handler of an api step. */
export type ApiRouteHandler<
  TBody = any,
  TResponse = ApiResponse,
  TEvent extends EmittedEvent = any,
  TPathParams = Record<string, string>,
  TQueryParams = Record<string, any>,
> = (
  req: TypedRequest<TBody, TPathParams, TQueryParams>,
  ctx: FlowContext<TEvent>,
) => Promise<TResponse> | TResponse;

/** The handler of an event step. */
export type EventHandler<TInput = any, TEvent extends EmittedEvent = any> = (
  input: TInput,
  ctx: FlowContext<TEvent>,
) => unknown;

/** The handler of a cron step. */
export type CronHandler<TEvent extends EmittedEvent = any> = (ctx: FlowContext<TEvent>) => unknown;

/**
 * The handler of a step with triggers of several kinds; `ctx.trigger` says which one fired. `TInput` is what any of
 * them gives; where there is a schedule among them (`TCron`), which gives nothing, the input may be undefined.
 */
export type TriggersHandler<
  TInput = any,
  TResponse = ApiResponse,
  TEvent extends EmittedEvent = any,
  TCron extends boolean = false,
> = (
  input: TCron extends true ? TInput | undefined : TInput,
  ctx: FlowContext<TEvent>,
) => Promise<TResponse | void> | TResponse | void;

/** What can happen to a value or an item. */
export type ChangeOperation = 'create' | 'update' | 'delete';

/** What was, and what is now: items of a stream with their metadata, values of state as they are stored. */
export type Change<T = any> =
  | { operation: 'create'; value: T; previous: null }
  | { operation: 'update'; value: T; previous: T }
  | { operation: 'delete'; value: null; previous: T };

/** A change of state. */
export type StateChange<T = any> = { groupId: string; key: string } & Change<T>;

/** A change of a stream. */
export type StreamChange<T = any> = { streamName: string; groupId: string; id: string } & Change<T>;

/** The handler of a step that runs when state changes. */
export type StateHandler<TValue = any, TEvent extends EmittedEvent = any> = (
  change: StateChange<TValue>,
  ctx: FlowContext<TEvent>,
) => unknown;

/** The handler of a step that runs when a stream changes; `TItem` as the stream gives it. */
export type StreamHandler<TItem = any, TEvent extends EmittedEvent = any> = (
  change: StreamChange<TItem>,
  ctx: FlowContext<TEvent>,
) => unknown;
