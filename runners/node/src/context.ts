// What a handler sees as `ctx`.

import type { FlowContextStateStreams } from '../sdk/project.js';
import type { FiredTrigger, FlowContext, MotiaStream, StateManager } from '../sdk/types.js';
import { HostOp, TriggerKind } from './_gen/runtime/runner/v1/runner.js';
import type { HostCalls, HostRequest, Run } from './hostcalls.js';
import type { Logs } from './logs.js';
import { encode } from './values.js';

/** The group of the state calls that name none. */
const DEFAULT_GROUP = 'default';
const EMIT_OPTIONS = ['messageGroupId', 'delay', 'idempotencyKey', 'priority'];
const SET_OPTIONS = ['ttl', 'ifVersion'];
const EMPTY = Buffer.alloc(0);
const TRIGGER_TYPES: Readonly<Record<TriggerKind, FiredTrigger['type']>> = {
  [TriggerKind.UNSPECIFIED]: 'event',
  [TriggerKind.API]: 'api',
  [TriggerKind.EVENT]: 'event',
  [TriggerKind.CRON]: 'cron',
  [TriggerKind.STATE]: 'state',
  [TriggerKind.STREAM]: 'stream',
};

type Context = FlowContext<any>;
type Options = Record<string, unknown>;
/** Makes a host call of one run; `method` is what the user called, for errors. */
type Ask = (method: string, request: () => HostRequest) => Promise<unknown>;

/** Makes the context of a run. */
export function contextOf(run: Run, calls: HostCalls, logs: Logs): Context {
  const ask: Ask = (method, request) => calls.call(run, method, request);
  const { traceId, attempt, idempotencyKey } = run.invoke;
  const context: Context = {
    emit: emitterOf(ask),
    logger: logs.loggerOf(run),
    state: stateOf(ask),
    streams: streamsOf(ask),
    traceId,
    flows: run.step.flows,
    trigger: triggerOf(run),
    attempt,
    get signal() {
      return run.signal;
    },
    get deadline() {
      return run.deadline as Date;
    },
  };
  if (idempotencyKey) context.idempotencyKey = idempotencyKey;
  return context;
}

function triggerOf({ invoke }: Run): FiredTrigger {
  const fired: FiredTrigger = { type: TRIGGER_TYPES[invoke.trigger], index: invoke.triggerIndex };
  if (invoke.triggerSource) fired.source = invoke.triggerSource;
  return fired;
}

function emitterOf(ask: Ask): Context['emit'] {
  return ((...given: unknown[]) => ask('emit', () => emitRequest(given))) as Context['emit'];
}

function emitRequest(given: unknown[]): HostRequest {
  const [first, second, third] = given;
  const event = typeof first === 'string' ? { ...record(third ?? {}, 'emit: the options'), topic: first, data: second } : first;
  const { topic, data, ...options } = record(event, 'emit: the event');
  if (typeof topic !== 'string' || topic === '') {
    throw new TypeError(`emit: topic must be a text that is not empty, got ${shown(topic)}`);
  }
  return {
    op: HostOp.EMIT,
    target: topic,
    payload: encode(data, 'data'),
    options: encodeOptions(options, EMIT_OPTIONS, 'emit'),
  };
}

function stateOf(ask: Ask): StateManager {
  return {
    get: (...given: unknown[]) => ask('state.get', () => keyed(HostOp.STATE_GET, 'state.get', inDefault(given, 2))),
    set: (...given: unknown[]) => setState(ask, inDefault(given, 3)),
    delete: (...given: unknown[]) => ask('state.delete', () => keyed(HostOp.STATE_DELETE, 'state.delete', inDefault(given, 2))),
    update: (...given: unknown[]) => ask('state.update', () => updateState(inDefault(given, 3))),
    getGroup: (group: unknown) => ask('state.getGroup', () => grouped(HostOp.STATE_GET_GROUP, 'state.getGroup', group)),
    keys: (group: unknown) => ask('state.keys', () => grouped(HostOp.STATE_KEYS, 'state.keys', group)),
    clear: (group: unknown) => ask('state.clear', () => grouped(HostOp.STATE_CLEAR, 'state.clear', group)),
  } as StateManager;
}

async function setState(ask: Ask, given: unknown[]): Promise<unknown> {
  const [, , value, options] = given;
  await ask('state.set', () => ({
    ...keyed(HostOp.STATE_SET, 'state.set', given),
    payload: encode(value, 'value'),
    options: encodeOptions(record(options ?? {}, 'state.set: the options'), SET_OPTIONS, 'state.set'),
  }));
  return value;
}

function updateState(given: unknown[]): HostRequest {
  return { ...keyed(HostOp.STATE_UPDATE, 'state.update', given), payload: operations(given[2], 'state.update') };
}

/** Puts the default group before arguments that are fewer than `all`. */
function inDefault(given: unknown[], all: number): unknown[] {
  return given.length < all ? [DEFAULT_GROUP, ...given] : given;
}

function keyed(op: HostOp, method: string, [group, key]: unknown[]): HostRequest {
  return { op, group: text(group, method, 'group'), key: text(key, method, 'key') };
}

function grouped(op: HostOp, method: string, group: unknown): HostRequest {
  return { op, group: text(group, method, 'group') };
}

function streamsOf(ask: Ask): FlowContextStateStreams {
  const streams = Object.create(null) as FlowContextStateStreams;
  // The streams may be defined in any language, so every name is one; the core knows which are.
  return new Proxy(streams, {
    get: (made, name) => (typeof name === 'string' ? (made[name] ??= streamOf(name, ask)) : undefined),
  });
}

function streamOf(name: string, ask: Ask): MotiaStream {
  const request = (op: HostOp, method: string, groupId: unknown, id?: [unknown], payload: Buffer = EMPTY): HostRequest => ({
    op,
    target: name,
    group: text(groupId, method, 'groupId'),
    key: id === undefined ? '' : text(id[0], method, 'id'),
    payload,
  });
  const named = (method: string): string => `streams.${name}.${method}`;
  const call = (method: string, make: (method: string) => HostRequest): Promise<any> =>
    ask(named(method), () => make(named(method)));
  return {
    get: (groupId, id) => call('get', (method) => request(HostOp.STREAM_GET, method, groupId, [id])),
    set: (groupId, id, data) =>
      call('set', (method) => request(HostOp.STREAM_SET, method, groupId, [id], encode(data, 'data'))),
    delete: (groupId, id) => call('delete', (method) => request(HostOp.STREAM_DELETE, method, groupId, [id])),
    getGroup: (groupId) => call('getGroup', (method) => request(HostOp.STREAM_GET_GROUP, method, groupId)),
    update: (groupId, id, list) =>
      call('update', (method) => request(HostOp.STREAM_UPDATE, method, groupId, [id], operations(list, method))),
    send: (channel, event) =>
      call('send', (method) => {
        const { groupId, id } = record(channel, `${method}: the channel`);
        return request(HostOp.STREAM_SEND, method, groupId, id == null ? undefined : [id], eventOf(event, method));
      }),
  };
}

function eventOf(event: unknown, method: string): Buffer {
  const { type, data } = record(event, `${method}: the event`);
  return encode({ type: text(type, method, 'event.type'), data }, 'event');
}

function operations(list: unknown, method: string): Buffer {
  if (!Array.isArray(list)) throw new TypeError(`${method}: operations must be a list, got ${shown(list)}`);
  return encode(list, 'operations');
}

function encodeOptions(options: Options, known: readonly string[], method: string): Buffer {
  const given = Object.keys(options).filter((name) => options[name] !== undefined);
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`${method}: there is no option "${unknown}"; the options are ${known.join(', ')}`);
  }
  return given.length === 0 ? EMPTY : encode(options, 'options');
}

function record(value: unknown, what: string): Options {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Options;
  throw new TypeError(`${what} must be an object, got ${shown(value)}`);
}

function text(value: unknown, method: string, argument: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw new TypeError(`${method}: ${argument} must be a text, got ${shown(value)}`);
}

function shown(value: unknown): string {
  if (value === undefined || value === null || value === '') return JSON.stringify(value) ?? 'undefined';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
