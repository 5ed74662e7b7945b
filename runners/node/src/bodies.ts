// Response bodies that go out as they are produced (PROTOCOL.md §9).

import { type BodyRead, type Failure, Feature, type RunnerEnvelope } from './_gen/runtime/runner/v1/runner.js';
import type { Bounds } from './bounds.js';
import type { Head } from './http.js';
import type { BodyTransfer, Outbox } from './outbox.js';
import { encodePiece } from './pieces.js';
import { Turns } from './rounds.js';

type Pieces = Pick<AsyncIterator<unknown> | Iterator<unknown>, 'next'> & { return?(): unknown };

/** A response whose body is still to be produced. */
export interface Streamed {
  status?: unknown;
  headers?: unknown;
  body: object;
}

/** What a handler gave as its body: an iterator or a stream, whichever kind. */
export class Producer {
  /** True for an iterator, which hears of a cancellation and may end as it likes; a stream is cut off. */
  readonly endsItself: boolean;
  private readonly pieces: Pieces;
  private closing: Promise<void> | undefined;

  constructor(body: any) {
    const isWebStream = typeof body.getReader === 'function';
    const isStream = typeof body.destroy === 'function';
    this.endsItself = !isWebStream && !isStream;
    if (isWebStream) this.pieces = piecesOf(body as ReadableStream);
    else if (isStream) this.pieces = { next: nextOf(body), return: () => body.destroy() };
    else this.pieces = typeof body[Symbol.asyncIterator] === 'function' ? body[Symbol.asyncIterator]() : body;
  }

  /** Gives the next piece. */
  next(): Promise<IteratorResult<unknown>> | IteratorResult<unknown> {
    return this.pieces.next();
  }

  /** Ends the production where it stands, so that its `finally` runs; called again it gives the same promise. */
  close(): Promise<void> {
    this.closing ??= (async () => void (await this.pieces.return?.()))();
    return this.closing;
  }
}

/** A body under way. */
export class OutgoingBody {
  private opened: (() => void) | undefined;
  private cancelled: Error | undefined;

  constructor(
    readonly transfer: BodyTransfer,
    private readonly outbox: Outbox,
    private readonly producer: Producer,
    private readonly areEvents: boolean,
    private window: number,
  ) {}

  /** Sends all pieces; throws what the producer throws, `InvalidOutputError`, and the cancellation. */
  async produce(): Promise<void> {
    const turns = new Turns();
    for (let number = 1; ; number++) {
      const { done, value } = await this.producer.next();
      if (done) return;
      this.checkWanted();
      const data = await encodePiece(value, number, this.areEvents);
      await this.write(data);
      if (turns.over) await turns.next();
      this.checkWanted();
    }
  }

  /** Makes the window so much wider. */
  open(bytes: number): void {
    this.window += bytes;
    this.opened?.();
  }

  /** Ends the production; what it still gives is not sent. */
  cancel(reason: Error): void {
    this.cancelled = reason;
    this.producer.close().catch(() => undefined); // whoever awaits the production closes it as well, and hears of it
    this.opened?.();
  }

  private async write(data: Buffer): Promise<void> {
    for (let rest = data; rest.length > 0; ) {
      while (this.window === 0) {
        await new Promise<void>((resolve) => (this.opened = resolve));
        this.checkWanted();
      }
      if (this.outbox.full) await this.outbox.room();
      this.checkWanted();
      const part = rest.subarray(0, this.window);
      rest = rest.subarray(part.length);
      this.window -= part.length;
      this.outbox.addToBody(this.transfer, part);
    }
  }

  private checkWanted(): void {
    if (this.cancelled !== undefined) throw this.cancelled;
  }
}

/** The bodies that are under way. */
export class Bodies {
  private readonly underWay = new Map<bigint, OutgoingBody>();
  private readonly areAgreedOn: boolean;

  constructor(
    private readonly outbox: Outbox,
    private readonly bounds: Pick<Bounds, 'bodyWindowBytes' | 'maxBodies'>,
    features: readonly Feature[],
  ) {
    this.areAgreedOn = features.includes(Feature.STREAMED_BODIES);
  }

  get count(): number {
    return this.underWay.size;
  }

  /** True when no further body may begin. */
  get full(): boolean {
    return this.underWay.size >= this.bounds.maxBodies;
  }

  /** True for a response whose body is still to be produced. */
  takes(returned: unknown): returned is Streamed {
    if (typeof returned !== 'object' || returned === null) return false;
    const { body } = returned as { body?: any };
    if (typeof body !== 'object' || body === null || !this.areAgreedOn) return false;
    return typeof body.next === 'function' || typeof body[Symbol.asyncIterator] === 'function';
  }

  /** Sends the result of a run; the body goes on after it. */
  begin(invocationId: bigint, producer: Producer, { payload, areEvents }: Head): OutgoingBody {
    const transfer = this.outbox.beginBody((bodyTransfer): RunnerEnvelope => {
      const value = { invocationId, payload, payloadTransfer: 0n, failure: undefined, bodyTransfer };
      return { kind: { $case: 'result', value } };
    }, payload.length);
    const body = new OutgoingBody(transfer, this.outbox, producer, areEvents, this.bounds.bodyWindowBytes);
    this.underWay.set(transfer.id, body);
    return body;
  }

  /** Lets a body go on; one that has ended is ignored. */
  read({ transfer, bytes }: BodyRead): void {
    this.underWay.get(transfer)?.open(bytes);
  }

  /** Ends the body; with a failure it is given up. */
  end(body: OutgoingBody, failure: Failure | undefined): void {
    this.underWay.delete(body.transfer.id);
    this.outbox.endBody(body.transfer, failure);
  }
}

/** A web stream's own iterator waits for the read under way before it gives the stream up; its reader does not. */
function piecesOf(stream: ReadableStream): Pieces {
  const reader = stream.getReader();
  return { next: () => reader.read() as Promise<IteratorResult<unknown>>, return: () => reader.cancel() };
}

/** In the same way the iterator of a Node stream. */
function nextOf(stream: AsyncIterable<unknown>): () => Promise<IteratorResult<unknown>> {
  const pieces = stream[Symbol.asyncIterator]();
  return () => pieces.next();
}
