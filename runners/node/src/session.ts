// What there is between Welcome and the end: each kind of envelope goes to its owner.

import { type CoreEnvelope, type Drain, Feature, type Load, type Ping, type RunnerEnvelope, type Welcome } from './_gen/runtime/runner/v1/runner.js';
import { Bodies } from './bodies.js';
import { boundsOf } from './bounds.js';
import { Copies, ownOutput } from './copies.js';
import { HostCalls } from './hostcalls.js';
import { Executor } from './execute.js';
import { Hooks } from './hooks.js';
import { Loader } from './loader.js';
import { Logs } from './logs.js';
import type { Modules } from './modules.js';
import { Nodes } from './nodes.js';
import { Outbox, type WriteFrame } from './outbox.js';
import { Prints } from './prints.js';
import { ProjectConfig } from './project-config.js';
import { keepAlive } from './strays.js';
import { Transfers } from './transfers.js';

/** The work of one welcomed connection. */
export class Session {
  readonly outbox: Outbox;
  private readonly transfers: Transfers;
  private readonly calls: HostCalls;
  private readonly bodies: Bodies;
  private readonly logs: Logs;
  private readonly prints: Prints;
  private readonly loader: Loader;
  private readonly executor: Executor;
  private readonly hooks: Hooks;
  private loading: Promise<void> | undefined;

  /** `onDrained` is called when a `Drain` has been carried out. */
  constructor(
    { limits, features, session }: Welcome,
    write: WriteFrame,
    modules: Modules,
    root: string,
    private readonly onDrained: () => void,
  ) {
    const bounds = boundsOf(limits);
    this.outbox = new Outbox(write, bounds);
    this.transfers = new Transfers(bounds.maxPayloadBytes);
    this.calls = new HostCalls(this.outbox, bounds);
    this.logs = new Logs(this.outbox, root);
    this.prints = new Prints(this.logs, features.includes(Feature.COPIED_PRINTS) ? new Copies(session, ownOutput()) : undefined);
    this.loader = new Loader(modules, root, (message) => this.logs.runnerWarning(message));
    this.bodies = new Bodies(this.outbox, bounds, features);
    const { outbox, calls, bodies, logs, prints, loader } = this;
    this.executor = new Executor({ root, bounds, outbox, calls, bodies, logs, prints, loader });
    this.hooks = new Hooks({ root, bounds, outbox, loader, config: new ProjectConfig(modules, root), nodes: new Nodes(root) });
  }

  /** Acts on an envelope. Throws `ProtocolError` when it breaks the protocol. */
  dispatch(kind: NonNullable<CoreEnvelope['kind']>): void {
    switch (kind.$case) {
      case 'load':
        return this.prints.as(undefined, () => this.load(kind.value));
      case 'invoke':
        kind.value.payload = this.transfers.payload(kind.value.payload, kind.value.payloadTransfer);
        return this.executor.invoke(kind.value);
      case 'chunk':
        return this.transfers.add(kind.value);
      case 'cancel':
        return this.executor.cancel(kind.value.invocationId, kind.value.reason, kind.value.graceMs);
      case 'hostReply':
        kind.value.payload = this.transfers.payload(kind.value.payload, kind.value.payloadTransfer);
        return this.calls.answer(kind.value);
      case 'call':
        kind.value.payload = this.transfers.payload(kind.value.payload, kind.value.payloadTransfer);
        return this.prints.as(undefined, () => this.hooks.begin(kind.value));
      case 'bodyRead':
        return this.bodies.read(kind.value);
      case 'drain':
        return this.drain(kind.value);
      case 'ping':
        return this.outbox.send(pong(kind.value, this.executor.inFlight));
    }
  }

  /** Makes the process ready for user code: keeps it alive whatever that does, and takes what that prints. */
  prepareProcess(): void {
    keepAlive(this.logs);
    this.prints.install();
  }

  /** Uses the time until the `Load` comes, if it is still to come. */
  warmUp(): void {
    if (this.loading === undefined) this.loader.warmUp();
  }

  private load(load: Load): void {
    // One after the other: the last one's steps must be those that stay.
    this.loading = (this.loading ?? Promise.resolve()).then(async () => {
      const value = await this.loader.load(load);
      this.outbox.send({ kind: { $case: 'manifest', value } });
    });
  }

  private drain({ graceMs }: Drain): void {
    void Promise.all([this.executor.drain(graceMs), this.hooks.drain(graceMs)]).then(this.onDrained);
  }
}

function pong({ nonce }: Ping, inFlight: number): RunnerEnvelope {
  const { user, system } = process.cpuUsage();
  const cpuMs = BigInt(Math.round((user + system) / 1000));
  const memoryBytes = BigInt(process.memoryUsage.rss());
  return { kind: { $case: 'pong', value: { nonce, inFlight, memoryBytes, cpuMs, loopLagMs: 0 } } };
}
