// What a handler sees as `ctx`.

import type { FiredTrigger, FlowContext } from '../sdk/types.js';
import { HostOp, TriggerKind } from './_gen/runtime/runner/v1/runner.js';
import { encodeOptions, record, shown, wellFormed } from './arguments.js';
import type { Ask, HostCalls, HostRequest, Run } from './hostcalls.js';
import type { Logs } from './logs.js';
import { stateOf } from './state.js';
import { streamsOf, textStreamOf } from './streams.js';
import { encode } from './values.js';

const EMIT_OPTIONS = ['messageGroupId', 'delay', 'idempotencyKey', 'priority'];
const TRIGGER_TYPES: Readonly<Record<TriggerKind, FiredTrigger['type']>> = {
  [TriggerKind.UNSPECIFIED]: 'event',
  [TriggerKind.API]: 'api',
  [TriggerKind.EVENT]: 'event',
  [TriggerKind.CRON]: 'cron',
  [TriggerKind.STATE]: 'state',
  [TriggerKind.STREAM]: 'stream',
};

type Context = FlowContext<any>;

/** Makes the context of a run. */
export function contextOf(run: Run, calls: HostCalls, logs: Logs): Context {
  const ask: Ask = (method, request) => calls.call(run, method, request);
  const { traceId, attempt, idempotencyKey } = run.invoke;
  const context: Context = {
    emit: emitterOf(ask),
    logger: logs.loggerOf(run),
    state: stateOf(ask),
    streams: streamsOf(ask),
    stream: textStreamOf(ask),
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
    target: wellFormed(topic, 'emit', 'topic'),
    payload: encode(data, 'data'),
    options: encodeOptions(options, EMIT_OPTIONS, 'emit'),
  };
}
