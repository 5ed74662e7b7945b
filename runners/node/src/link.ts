// The connection: from Hello to its end.

import type { ClientDuplexStream, StatusObject } from '@grpc/grpc-js';
import runner from '../package.json' with { type: 'json' };
import {
  type Bye,
  ByeReason,
  type CoreEnvelope,
  type CoreFrame,
  Feature,
  type RunnerEnvelope,
  type RunnerFrame,
  type Welcome,
} from './_gen/runtime/runner/v1/runner.js';
import type { Modules } from './modules.js';
import { Session } from './session.js';
import { ProtocolError } from './transfers.js';

/** Versions of the protocol that this runner speaks. */
const MIN_PROTOCOL = 1;
const MAX_PROTOCOL = 1;
/** Milliseconds that the core has to close the stream after our Bye. */
const CLOSE_WITHIN_MS = 900;

/** How the connection ended. */
export interface Ending {
  /** The exit code of the process. */
  code: number;
  /** A line for stderr; absent when the start went well. */
  fault?: string;
}

type Stream = Pick<ClientDuplexStream<RunnerFrame, CoreFrame>, 'on' | 'write' | 'end'>;

/** One connection to the core. */
export class Link {
  /** Resolves when the process should exit. */
  readonly ended: Promise<Ending>;
  private end!: (ending: Ending) => void;
  private session: Session | undefined;
  private exitCode = 1;

  /** Says Hello at once. */
  constructor(
    private readonly stream: Stream,
    private readonly modules: Modules,
    private readonly root: string,
  ) {
    this.ended = new Promise((resolve) => (this.end = resolve));
    stream.on('data', (frame: CoreFrame) => this.receive(frame));
    stream.on('status', (last: StatusObject) => this.closed(last));
    stream.on('error', () => undefined); // "status" tells the same, and comes in every case
    stream.write({ envelopes: [hello()] });
  }

  private receive(frame: CoreFrame): void {
    try {
      for (const envelope of frame.envelopes) this.dispatch(envelope);
    } catch (error) {
      const message = error instanceof ProtocolError ? error.message : String((error as Error).stack);
      void this.leave(ByeReason.PROTOCOL_ERROR, message, 1);
    }
  }

  private dispatch({ kind }: CoreEnvelope): void {
    if (kind === undefined) return; // a kind of a later version
    if (kind.$case === 'bye') return this.dismissed(kind.value);
    if (kind.$case === 'welcome') return this.welcomed(kind.value);
    if (this.session === undefined) throw new ProtocolError(`${kind.$case} came before welcome`);
    this.session.dispatch(kind);
  }

  private welcomed(welcome: Welcome): void {
    if (this.session !== undefined) throw new ProtocolError('a second welcome came');
    if (welcome.protocol < MIN_PROTOCOL || welcome.protocol > MAX_PROTOCOL) {
      return this.end({ code: 1, fault: versionFault(`the core chose ${welcome.protocol}`) });
    }
    const write = (frame: RunnerFrame, done: () => void): void => void this.stream.write(frame, done);
    const drained = (): void => void this.leave(ByeReason.DRAINED, 'all work is done', 0);
    this.session = new Session(welcome, write, this.modules, this.root, drained);
    this.session.prepareProcess();
    setImmediate(() => this.session?.warmUp()); // a Load that stands in the same frame goes first
  }

  private dismissed({ reason, message }: Bye): void {
    if (reason === ByeReason.PROTOCOL_VERSION) return this.end({ code: 1, fault: versionFault(`the core says: ${message}`) });
    this.end({ code: reason === ByeReason.PROTOCOL_ERROR ? 1 : 0 });
  }

  private async leave(reason: ByeReason, message: string, exitCode: number): Promise<void> {
    this.exitCode = exitCode;
    const bye: RunnerEnvelope = { kind: { $case: 'bye', value: { reason, message } } };
    if (this.session === undefined) this.stream.write({ envelopes: [bye] });
    else await this.session.outbox.finish(bye);
    this.stream.end();
    setTimeout(() => this.end({ code: exitCode }), CLOSE_WITHIN_MS);
  }

  private closed({ details }: StatusObject): void {
    const code = this.exitCode;
    this.end(this.session === undefined ? { code, fault: `the core did not take this runner in: ${details}` } : { code });
  }
}

function hello(): RunnerEnvelope {
  const value = {
    minProtocol: MIN_PROTOCOL,
    maxProtocol: MAX_PROTOCOL,
    features: [Feature.STREAMED_BODIES, Feature.HOOKS, Feature.COPIED_PRINTS, Feature.NODES],
    language: 'node',
    version: runner.version,
    runtimeVersion: process.version,
    pid: process.pid,
  };
  return { kind: { $case: 'hello', value } };
}

function versionFault(core: string): string {
  return `no protocol version in common: this runner speaks ${MIN_PROTOCOL} to ${MAX_PROTOCOL}, ${core}`;
}
