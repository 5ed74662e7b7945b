// Running invocations and what they ask of the core.

import { CancelReason, type HostCall, HostOp, type HostReply, type Invoke } from './_gen/runtime/runner/v1/runner.js';
import type { OutgoingBody } from './bodies.js';
import type { Bounds } from './bounds.js';
import { errorOf } from './failure.js';
import type { Step } from './loader.js';
import type { MakeEnvelope, Outbox } from './outbox.js';
import type { Printer } from './prints.js';
import { checkSize } from './refusal.js';
import { decode } from './values.js';

const EMPTY = Buffer.alloc(0);
/** What adds to or ends a text: a call of these is sent when the one before on the same text is answered, awaited or not. */
const IN_ORDER: ReadonlySet<HostOp> = new Set([HostOp.TEXT_WRITE, HostOp.TEXT_CLOSE]);
const CANCELLED: Readonly<Record<CancelReason, string>> = {
  [CancelReason.UNSPECIFIED]: 'the core has cancelled the run',
  [CancelReason.DEADLINE]: 'the deadline of the run has passed',
  [CancelReason.CLIENT_GONE]: 'the client has gone',
  [CancelReason.SHUTDOWN]: 'the runner is stopping',
};

/** The runs whose host calls threw these errors, for those that nobody catches. */
const owners = new WeakMap<object, Run>();

/** What `ctx.signal` is aborted with. */
export class CancelledError extends Error {
  override readonly name = 'AbortError';

  constructor(reason: CancelReason) {
    super(CANCELLED[reason]);
  }
}

/** What a host call says, but for its ids. */
export type HostRequest = Pick<HostCall, 'op'> & Partial<Pick<HostCall, 'target' | 'group' | 'key' | 'payload' | 'options'>>;

/** Makes a host call of one run; `method` is what the user called, for errors. */
export type Ask = (method: string, request: () => HostRequest) => Promise<unknown>;

/** One invocation from `Invoke` to `Result`, or to the last piece of the body that follows it. */
export class Run implements Printer {
  readonly id: bigint;
  /** True once the `Result`, or the end of its body, is queued. */
  ended = false;
  /** Set while a body is produced. */
  body: OutgoingBody | undefined;
  /** Set once the core has cancelled the run. */
  cancelled: CancelledError | undefined;
  cancelReason = CancelReason.UNSPECIFIED;
  /** Answers in the handler's place when a cancelled run takes too long. */
  graceTimer: NodeJS.Timeout | undefined;
  /** The first failure of a host call that the handler neither awaited nor caught. */
  uncaught: unknown;
  unfinished?: NonNullable<Printer['unfinished']>;
  private readonly startedAt = Date.now();
  private controller: AbortController | undefined;
  private open = 0;
  private underWay = 0;
  private failed = false;
  private readonly turns: (() => void)[] = [];
  /** Calls that wait for an earlier one on the same text, by its id. */
  private readonly texts = new Map<string, (() => void)[]>();
  private allAnswered: (() => void) | undefined;

  constructor(
    readonly invoke: Invoke,
    readonly step: Step,
  ) {
    this.id = invoke.invocationId;
  }

  /** Made when first asked for: most handlers never look. */
  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.cancelled !== undefined) this.controller.abort(this.cancelled);
    return this.controller.signal;
  }

  /** When the core will cancel; undefined for never. */
  get deadline(): Date | undefined {
    return this.invoke.deadlineMs === 0 ? undefined : new Date(this.startedAt + this.invoke.deadlineMs);
  }

  /** True while host calls are open, or when one failed and nobody may have caught it. */
  get hasLooseEnds(): boolean {
    return this.open > 0 || this.failed;
  }

  cancel(reason: CancelReason): void {
    this.cancelled = new CancelledError(reason);
    this.cancelReason = reason;
    this.controller?.abort(this.cancelled);
    this.body?.cancel(this.cancelled);
  }

  /** Resolves when no host call is open and Node has told which failures nobody caught. */
  async settled(): Promise<void> {
    do {
      if (this.open > 0) await new Promise<void>((resolve) => (this.allAnswered = resolve));
      await new Promise<void>((resolve) => setImmediate(resolve)); // "unhandledRejection" comes before this
    } while (this.open > 0);
  }

  /** Counts a host call in. */
  begin(): void {
    this.open++;
  }

  /** Takes a place among those under way, of which there are `limit`; waits for one where all are taken. */
  async enter(limit: number): Promise<void> {
    if (this.underWay < limit) this.underWay++;
    else await new Promise<void>((resolve) => this.turns.push(resolve));
  }

  /** Counts a host call out; its place goes to who has waited for one longest. */
  leave(): void {
    const next = this.turns.shift();
    if (next === undefined) this.underWay--;
    else next();
    this.open--;
    if (this.open === 0) this.allAnswered?.();
  }

  /** Takes a place in the order of calls on this text, and says when its turn comes; undefined for at once. */
  enterText(id: string): Promise<void> | undefined {
    const waiting = this.texts.get(id);
    if (waiting !== undefined) return new Promise((resolve) => waiting.push(resolve));
    this.texts.set(id, []);
    return undefined;
  }

  /** Lets the next call on this text go. */
  leaveText(id: string): void {
    const next = this.texts.get(id)?.shift();
    if (next === undefined) this.texts.delete(id);
    else next();
  }

  /** Remembers a host call's error in case nobody catches it. */
  failedWith(error: unknown): void {
    this.failed = true;
    if (typeof error === 'object' && error !== null) owners.set(error, this);
  }
}

/** Gives a rejection that nobody caught to the run it belongs to; false when there is none. */
export function adopt(error: unknown): boolean {
  const run = typeof error === 'object' && error !== null ? owners.get(error) : undefined;
  if (run === undefined || run.ended) return false;
  run.uncaught ??= error;
  return true;
}

/** The host calls of a connection. */
export class HostCalls {
  private lastId = 0n;
  private readonly waiting = new Map<bigint, (reply: HostReply) => void>();

  constructor(
    private readonly outbox: Outbox,
    private readonly bounds: Bounds,
  ) {}

  /**
   * Asks the core and gives its answer, null for none; `name` is what the user called. `request` is called
   * at once, so that the values are those at the time of the call. Throws what `errorOf` makes when the core
   * refuses, `UnsendableError` for what cannot be sent, an Error when the run has ended.
   */
  async call(run: Run, name: string, request: () => HostRequest): Promise<unknown> {
    try {
      if (run.ended) throw new Error(afterTheEnd(run, name));
      const message = request();
      this.checkSizes(name, message);
      const reply = await this.inTurn(run, message);
      if (reply === undefined) throw new Error(afterTheEnd(run, name));
      // Thrown here, not where the reply arrived: the stack leads to the `await` in the user's code.
      if (reply.failure !== undefined) throw errorOf(reply.failure);
      return decode(reply.payload);
    } catch (error) {
      run.failedWith(error);
      throw error;
    }
  }

  /** Hands a reply to the call that waits for it; its payload is complete. */
  answer(reply: HostReply): void {
    const resolve = this.waiting.get(reply.callId);
    this.waiting.delete(reply.callId);
    resolve?.(reply);
  }

  private checkSizes(name: string, { payload = EMPTY, target = '', group = '', key = '', options = EMPTY }: HostRequest): void {
    checkSize(payload.length, this.bounds.maxPayloadBytes, `the value of ${name}`);
    const rest = target.length + group.length + key.length + options.length;
    checkSize(rest, this.bounds.chunkBytes, `the names and options of ${name}`);
  }

  private inTurn(run: Run, request: HostRequest): Promise<HostReply | undefined> {
    run.begin();
    return IN_ORDER.has(request.op) ? this.inOrder(run, request) : this.placed(run, request);
  }

  /** What waits for an earlier call on its text takes no place, which others can use meanwhile. */
  private async inOrder(run: Run, request: HostRequest): Promise<HostReply | undefined> {
    const text = request.key ?? '';
    const turn = run.enterText(text);
    if (turn !== undefined) await turn;
    try {
      return await this.placed(run, request);
    } finally {
      run.leaveText(text);
    }
  }

  private async placed(run: Run, request: HostRequest): Promise<HostReply | undefined> {
    await run.enter(this.bounds.maxHostCalls);
    try {
      if (this.outbox.full) await this.outbox.room();
      return run.ended ? undefined : await this.ask(run, request);
    } finally {
      run.leave();
    }
  }

  /** Gives the reply; undefined when the call was not sent because its run has ended. */
  private ask(run: Run, request: HostRequest): Promise<HostReply | undefined> {
    this.lastId += 1n;
    const callId = this.lastId;
    const { op, target = '', group = '', key = '', options = EMPTY } = request;
    return new Promise((resolve) => {
      this.waiting.set(callId, resolve);
      const make: MakeEnvelope = (payload, payloadTransfer) => {
        const value = { invocationId: run.id, callId, op, target, group, key, payload, payloadTransfer, options };
        return { kind: { $case: 'hostCall', value } };
      };
      const givenUp = (): void => {
        this.waiting.delete(callId);
        resolve(undefined);
      };
      this.outbox.sendPayload(request.payload ?? EMPTY, make, { wanted: () => !run.ended, givenUp });
    });
  }
}

function afterTheEnd(run: Run, name: string): string {
  return `${name} was called after the run of step "${run.invoke.stepName || run.step.file}" had ended; await it before the handler returns`;
}
