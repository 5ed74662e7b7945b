// Invoke -> Result: exactly one for each, whatever the handler does; and to the end of a body that follows it.

import type { ApiRequest } from '../sdk/types.js';
import { CancelReason, type Failure, FailureKind, type Invoke, TriggerKind } from './_gen/runtime/runner/v1/runner.js';
import { type Bodies, Producer, type Streamed } from './bodies.js';
import type { Bounds } from './bounds.js';
import { type HostCalls, Run } from './hostcalls.js';
import { contextOf } from './context.js';
import { failureOf, httpErrorOf, InvalidInputError, toFailure } from './failure.js';
import { type Head, readRequest, writeHead, writeResponse } from './http.js';
import type { Callable, Loader, Step } from './loader.js';
import type { Logs } from './logs.js';
import { passThrough } from './middleware.js';
import { lengthOf, type Outbox, type Payload } from './outbox.js';
import type { Prints } from './prints.js';
import { checkSize } from './refusal.js';
import { answerOf } from './thrown.js';
import { decode, encode } from './values.js';

const EMPTY = Buffer.alloc(0);
/** Milliseconds that a run gets to react when it outlives the grace of a `Drain`. */
const DRAIN_CANCEL_GRACE_MS = 500;

/** What the executor works with. */
export interface Services {
  root: string;
  bounds: Bounds;
  outbox: Outbox;
  calls: HostCalls;
  bodies: Bodies;
  logs: Logs;
  prints: Prints;
  loader: Loader;
}

/** The outcome of a run: a payload, or a failure. */
interface Outcome {
  payload: Payload;
  failure: Failure | undefined;
}

/** Runs invocations. */
export class Executor {
  private readonly runs = new Map<bigint, Run>();
  private draining = false;
  private drained: (() => void) | undefined;

  constructor(private readonly services: Services) {}

  /** Invocations that are running. */
  get inFlight(): number {
    return this.runs.size - this.services.bodies.count;
  }

  /** Starts a run; its payload is complete. */
  invoke(invoke: Invoke): void {
    const step = this.services.loader.step(invoke.stepFile);
    const refusal = this.refusal(invoke, step);
    if (refusal !== undefined) return this.send(invoke.invocationId, { payload: EMPTY, failure: refusal });
    const run = new Run(invoke, step as Step);
    this.runs.set(run.id, run);
    const performed = this.services.prints.as(run, () => this.perform(run));
    performed.catch((error: unknown) => this.end(run, failed(error, this.services.root, FailureKind.HANDLER)));
  }

  /** Tells a run that it is no longer wanted, and answers for it after `graceMs`. */
  cancel(invocationId: bigint, reason: CancelReason, graceMs: number): void {
    const run = this.runs.get(invocationId);
    if (run === undefined || run.cancelled !== undefined) return;
    this.services.prints.as(run, () => run.cancel(reason)); // what listens to its signal is the run's
    this.answerWithin(run, graceMs);
  }

  /** Resolves when nothing runs any more; what still runs after `graceMs` is cancelled. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    if (this.runs.size === 0) return;
    const done = new Promise<void>((resolve) => (this.drained = resolve));
    const timer = setTimeout(() => {
      for (const run of this.runs.values()) {
        if (run.cancelled === undefined) this.cancel(run.id, CancelReason.SHUTDOWN, DRAIN_CANCEL_GRACE_MS);
        else this.answerWithin(run, DRAIN_CANCEL_GRACE_MS); // told once already, but perhaps with more time
      }
    }, graceMs);
    await done;
    clearTimeout(timer);
  }

  /** Ends a run in the handler's place when that has not done so by then. */
  private answerWithin(run: Run, graceMs: number): void {
    clearTimeout(run.graceTimer);
    run.graceTimer = setTimeout(() => {
      this.end(run, { payload: EMPTY, failure: cancellation(run) });
      this.services.logs.runnerWarning(`${run.step.file} goes on after it was cancelled`);
    }, graceMs);
  }

  private refusal(invoke: Invoke, step: Step | undefined): Failure | undefined {
    const { maxInFlight } = this.services.bounds;
    if (this.draining) return failureOf(FailureKind.OVERLOADED, 'this runner is stopping');
    if (this.inFlight >= maxInFlight) {
      return failureOf(FailureKind.OVERLOADED, `${maxInFlight} invocations are running, which is the limit`);
    }
    if (step?.handler !== undefined) return undefined;
    return failureOf(FailureKind.UNKNOWN_STEP, `the node runner has no step ${invoke.stepFile} with a handler`);
  }

  private async perform(run: Run): Promise<void> {
    let outcome = await this.outcome(run);
    if (run.hasLooseEnds) {
      await run.settled();
      if (run.uncaught !== undefined && outcome.failure === undefined) outcome = this.thrown(run, run.uncaught);
    }
    if (this.services.outbox.full) await this.services.outbox.room();
    this.end(run, outcome);
  }

  private async outcome(run: Run): Promise<Outcome> {
    const { invoke } = run;
    let returned: unknown;
    try {
      const input = inputOf(invoke);
      returned = await this.callHandler(run, input instanceof Promise ? await input : input);
    } catch (error) {
      const outcome = this.thrown(run, error);
      return invoke.trigger === TriggerKind.API ? this.answered(error, outcome) : outcome;
    }
    try {
      if (invoke.trigger === TriggerKind.API && this.services.bodies.takes(returned)) return await this.sendBody(run, returned);
      const written = invoke.trigger === TriggerKind.API ? writeResponse(returned) : valueOf(returned);
      return this.sized(written instanceof Promise ? await written : written);
    } catch (error) {
      return failed(error, this.services.root, FailureKind.INVALID_OUTPUT);
    }
  }

  /** What an api handler's throw answers: an `HttpError` has a response of its own. */
  private async answered(error: unknown, outcome: Outcome): Promise<Outcome> {
    const httpError = httpErrorOf(error);
    if (httpError === undefined || outcome.failure === undefined) return outcome;
    const answer = await answerOf(httpError, outcome.failure, this.services.root);
    if ('kind' in answer) return { payload: EMPTY, failure: answer };
    try {
      return this.sized(answer);
    } catch (fault) {
      return failed(fault, this.services.root, FailureKind.INVALID_OUTPUT);
    }
  }

  /** Throws `UnsendableError` for a result that is too long. */
  private sized(payload: Payload): Outcome {
    checkSize(lengthOf(payload), this.services.bounds.maxPayloadBytes, 'the result');
    return { payload, failure: undefined };
  }

  /** Sends a response whose body is still to be produced; gives how the run ends. */
  private async sendBody(run: Run, returned: Streamed): Promise<Outcome> {
    let cutOff = false;
    try {
      const producer = new Producer(returned.body);
      try {
        const refusal = await this.beginBody(run, producer, returned);
        if (refusal !== undefined) return { payload: EMPTY, failure: refusal };
        await run.body?.produce();
      } finally {
        cutOff = run.cancelled !== undefined && !producer.endsItself;
        await producer.close();
      }
    } catch (error) {
      if (!cutOff) return this.thrown(run, error);
    }
    return { payload: EMPTY, failure: cutOff ? cancellation(run) : undefined };
  }

  /** Sends the result that the body follows; gives a failure when there can be none. */
  private async beginBody(run: Run, producer: Producer, returned: Streamed): Promise<Failure | undefined> {
    const { root, bounds, bodies } = this.services;
    if (run.hasLooseEnds) await run.settled();
    if (run.uncaught !== undefined) return this.thrown(run, run.uncaught).failure;
    if (run.cancelled !== undefined) return cancellation(run);
    if (bodies.full) {
      return failureOf(FailureKind.OVERLOADED, `${bounds.maxBodies} streamed bodies are under way, which is the limit`);
    }
    let head: Head;
    try {
      head = writeHead(returned);
      checkSize(head.payload.length, bounds.chunkBytes, 'what goes before a streamed body');
    } catch (error) {
      return toFailure(error, root, FailureKind.INVALID_OUTPUT);
    }
    run.body = bodies.begin(run.id, producer, head);
    return undefined;
  }

  private callHandler(run: Run, input: unknown): unknown {
    const { invoke, step } = run;
    const handler = step.handler as Callable;
    const ctx = contextOf(run, this.services.calls, this.services.logs);
    // A schedule gives no input; a handler that takes one, of other triggers, finds its context in its place.
    if (invoke.trigger === TriggerKind.CRON && handler.length < 2) return handler(ctx);
    if (invoke.trigger !== TriggerKind.API || step.middleware.length === 0) return handler(input, ctx);
    return passThrough(step, input as ApiRequest, ctx);
  }

  private thrown(run: Run, error: unknown): Outcome {
    const aborted = run.cancelled !== undefined && isAbort(error);
    return aborted ? { payload: EMPTY, failure: cancellation(run) } : failed(error, this.services.root);
  }

  private end(run: Run, outcome: Outcome): void {
    if (run.ended) return;
    this.services.prints.finish(run);
    run.ended = true;
    clearTimeout(run.graceTimer);
    this.runs.delete(run.id);
    if (run.body === undefined) this.send(run.id, outcome);
    else this.services.bodies.end(run.body, outcome.failure);
    if (this.runs.size === 0) this.drained?.();
  }

  private send(invocationId: bigint, { payload, failure }: Outcome): void {
    this.services.outbox.sendPayload(payload, (bytes, payloadTransfer) => {
      const value = { invocationId, payload: bytes, payloadTransfer, failure, bodyTransfer: 0n };
      return { kind: { $case: 'result', value } };
    });
  }
}

function isAbort(error: unknown): boolean {
  try {
    return (error as Error | undefined)?.name === 'AbortError';
  } catch {
    return false;
  }
}

function inputOf({ trigger, payload }: Invoke): unknown {
  if (trigger === TriggerKind.API) return readRequest(payload);
  if (trigger === TriggerKind.CRON) return undefined;
  try {
    return decode(payload);
  } catch (error) {
    throw new InvalidInputError('the payload is no MessagePack value', { cause: error });
  }
}

function valueOf(returned: unknown): Buffer {
  return returned === undefined ? EMPTY : encode(returned, 'result');
}

function failed(error: unknown, root: string, kind?: FailureKind): Outcome {
  return { payload: EMPTY, failure: toFailure(error, root, kind) };
}

function cancellation({ cancelReason, cancelled }: Run): Failure {
  const kind = cancelReason === CancelReason.DEADLINE ? FailureKind.DEADLINE : FailureKind.CANCELLED;
  return failureOf(kind, cancelled?.message ?? '');
}
