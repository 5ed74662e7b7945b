// Call -> CallReply: functions of the user's that are no steps. Exactly one reply for each call, in time.

import { type Call, type Failure, FailureKind, Hook } from './_gen/runtime/runner/v1/runner.js';
import type { Bounds } from './bounds.js';
import { failureOf, toFailure } from './failure.js';
import type { Callable, Loader } from './loader.js';
import { NodeError, type Nodes } from './nodes.js';
import type { Outbox } from './outbox.js';
import { ConfigError, type ProjectConfig } from './project-config.js';
import { checkSize, UnsendableError } from './refusal.js';
import { decode, encode } from './values.js';

const EMPTY = Buffer.alloc(0);
const NAMES: Readonly<Partial<Record<Hook, string>>> = {
  [Hook.AUTHENTICATE]: 'authenticate',
  [Hook.CAN_ACCESS]: 'canAccess',
  [Hook.ON_JOIN]: 'onJoin',
  [Hook.ON_LEAVE]: 'onLeave',
  [Hook.CONFIG]: 'loading',
  [Hook.NODE]: 'bundling',
};

/** A call for what is not there. */
class MissingError extends Error {}

/** What hooks work with. */
export interface Services {
  root: string;
  bounds: Bounds;
  outbox: Outbox;
  loader: Loader;
  config: ProjectConfig;
  nodes: Nodes;
}

interface Answer {
  payload: Buffer;
  failure: Failure | undefined;
}

/** Runs hooks. */
export class Hooks {
  /** What ends each call that is open before its time, by its id. */
  private readonly open = new Map<bigint, NodeJS.Timeout | undefined>();
  private draining = false;
  private drained: (() => void) | undefined;

  constructor(private readonly services: Services) {}

  /** Starts a call; its payload is complete. */
  begin(call: Call): void {
    const { callId, deadlineMs } = call;
    if (this.draining) return this.send(callId, failed(failureOf(FailureKind.OVERLOADED, 'this runner is stopping')));
    const late = failureOf(FailureKind.DEADLINE, `${nameOf(call)} did not end within ${deadlineMs} ms`);
    this.open.set(callId, deadlineMs > 0 ? setTimeout(() => this.end(callId, failed(late)), deadlineMs) : undefined);
    void this.perform(call);
  }

  /** Resolves when no call is open any more; what still is after `graceMs` is answered in its place. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    if (this.open.size === 0) return;
    const done = new Promise<void>((resolve) => (this.drained = resolve));
    const stopping = failed(failureOf(FailureKind.CANCELLED, 'the runner is stopping'));
    const timer = setTimeout(() => [...this.open.keys()].forEach((id) => this.end(id, stopping)), graceMs);
    await done;
    clearTimeout(timer);
  }

  private async perform(call: Call): Promise<void> {
    let answer: Answer;
    try {
      const payload = await this.payload(call);
      checkSize(payload.length, this.services.bounds.maxPayloadBytes, `what ${nameOf(call)} gives`);
      answer = { payload, failure: undefined };
    } catch (error) {
      answer = failed(this.failure(error));
    }
    if (this.services.outbox.full) await this.services.outbox.room();
    this.end(call.callId, answer);
  }

  private async payload(call: Call): Promise<Buffer> {
    if (call.hook === Hook.CONFIG) return this.services.config.load(call.target);
    if (call.hook === Hook.NODE) return this.node(call);
    const hook = this.function(call);
    if (hook === undefined) throw new MissingError(`${call.target} has no ${NAMES[call.hook] ?? `hook ${call.hook}`}`);
    const given = decode(call.payload) as { subscription?: unknown; authContext?: unknown };
    if (call.hook === Hook.AUTHENTICATE) {
      const context = await hook(given);
      return context === undefined ? EMPTY : encode(context, 'authContext');
    }
    const returned = await hook(given.subscription, given.authContext);
    return call.hook === Hook.CAN_ACCESS ? encode(isAllowed(returned), 'canAccess') : EMPTY;
  }

  private async node({ target, payload }: Call): Promise<Buffer> {
    const { maxBytes } = decode(payload) as { maxBytes: number };
    return encode(await this.services.nodes.bundle(target, maxBytes), 'module');
  }

  private function({ hook, target }: Call): Callable | undefined {
    const { config, loader } = this.services;
    return hook === Hook.AUTHENTICATE ? config.authenticate(target) : loader.hook(target, hook);
  }

  private failure(error: unknown): Failure {
    if (error instanceof MissingError) return failureOf(FailureKind.REFUSED, error.message);
    if (error instanceof ConfigError || error instanceof NodeError) return failureOf(FailureKind.LOAD, error.message);
    return toFailure(error, this.services.root, error instanceof UnsendableError ? FailureKind.INVALID_OUTPUT : undefined);
  }

  private end(callId: bigint, answer: Answer): void {
    if (!this.open.has(callId)) return; // answered in its place
    clearTimeout(this.open.get(callId));
    this.open.delete(callId);
    this.send(callId, answer);
    if (this.open.size === 0) this.drained?.();
  }

  private send(callId: bigint, { payload, failure }: Answer): void {
    this.services.outbox.sendPayload(payload, (bytes, payloadTransfer) => {
      return { kind: { $case: 'callReply', value: { callId, payload: bytes, payloadTransfer, failure } } };
    });
  }
}

/** Only `true` lets in: an object without an answer is true for JavaScript. Throws an `UnsendableError` for what says neither. */
function isAllowed(returned: unknown): boolean {
  if (typeof returned === 'boolean') return returned;
  if (returned === undefined || returned === null) return false;
  throw new UnsendableError(`canAccess returned ${answered(returned)}; return true or false`);
}

function answered(returned: unknown): string {
  if (typeof returned === 'function') return 'a function that nobody has called';
  if (returned instanceof Error) return 'an Error, which nobody has thrown';
  if (Array.isArray(returned)) return 'an array';
  return `${typeof returned === 'object' ? 'an' : 'a'} ${typeof returned}`;
}

function failed(failure: Failure): Answer {
  return { payload: EMPTY, failure };
}

function nameOf({ hook, target }: Call): string {
  return `${NAMES[hook] ?? `hook ${hook}`} of ${target}`;
}
