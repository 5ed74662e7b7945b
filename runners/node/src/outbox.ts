// The only writer of the connection. While one frame is being written everything else queues up, and the next
// frame takes all of it: batching without a timer.

import { type Chunk, type Failure, FailureKind, type RunnerEnvelope, type RunnerFrame } from './_gen/runtime/runner/v1/runner.js';
import type { Bounds } from './bounds.js';
import { failureOf } from './failure.js';

/** Envelopes that one frame holds at most. */
const MAX_FRAME_ENVELOPES = 512;
/** Bytes of small envelopes after which a frame takes no further one. */
const MAX_FRAME_BYTES = 1 << 20;
/** Bytes of chunks that one frame holds at most, unless a single chunk is longer. */
const MAX_FRAME_CHUNK_BYTES = 64 << 10;
/** What an envelope is counted as besides its payload. */
const ENVELOPE_BYTES = 128;
const EMPTY = Buffer.alloc(0);

/** Writes a frame and calls `done` when the next one may be written. */
export type WriteFrame = (frame: RunnerFrame, done: () => void) => void;

/** The bytes of a payload, a large one in pieces: putting them together would copy megabytes in one go. */
export type Payload = Buffer | readonly Buffer[];

/** Makes an envelope from its payload, or from the transfer that carries it (then the payload is empty). */
export type MakeEnvelope = (payload: Buffer, transfer: bigint) => RunnerEnvelope;

interface Waiting {
  envelope: RunnerEnvelope;
  bytes: number;
}

/** Who has queued a transfer, which is given up when its sender wants it no more before its last chunk. */
export interface Sender {
  wanted(): boolean;
  /** Hears that nothing follows any more. */
  givenUp(): void;
}

interface Transfer {
  id: bigint;
  /** What is not sent yet; a piece may be longer than a chunk. */
  pieces: Buffer[];
  begun: boolean;
  make: MakeEnvelope;
  sender: Sender | undefined;
}

/** A body that goes out as it is produced; what has not been sent yet waits here. */
export class BodyTransfer {
  /** How many small envelopes must have gone out before its next piece may. */
  after = 0;
  /** True while it waits for its turn. */
  inLine = false;
  private readonly pieces: Buffer[] = [];
  private ending: { failure: Failure | undefined } | undefined;

  constructor(readonly id: bigint) {}

  /** True while there are pieces to send. */
  get hasMore(): boolean {
    return this.pieces.length > 0 || this.ending !== undefined;
  }

  /** Takes the next bytes. */
  add(data: Buffer): void {
    this.pieces.push(data);
  }

  /** Ends the body behind what waits; with a failure it is given up. */
  end(failure: Failure | undefined): void {
    this.ending = { failure };
  }

  /** Gives the next piece, at most so long; the end comes with the last bytes, a failure behind them. */
  nextChunk(bytes: number): Chunk {
    const data = this.take(bytes);
    const { ending } = this;
    const ends = ending !== undefined && this.pieces.length === 0 && (data.length === 0 || ending.failure === undefined);
    if (ends) this.ending = undefined;
    return {
      transfer: this.id,
      data,
      last: ends && ending.failure === undefined,
      expectedBytes: 0n,
      aborted: ends ? ending.failure : undefined,
    };
  }

  /** Small pieces that have gathered while the writer was busy go out as one. */
  private take(bytes: number): Buffer {
    const taken: Buffer[] = [];
    let left = bytes;
    while (left > 0 && this.pieces.length > 0) {
      const piece = this.pieces.shift() as Buffer;
      if (piece.length > left) this.pieces.unshift(piece.subarray(left));
      taken.push(piece.subarray(0, left));
      left -= Math.min(left, piece.length);
    }
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken);
  }
}

/** Queues envelopes and writes them in frames. */
export class Outbox {
  private small: Waiting[] = [];
  /** Small envelopes that have come so far. */
  private entered = 0;
  /** Those of them that have gone out. */
  private taken = 0;
  private readonly transfers: (Transfer | BodyTransfer)[] = [];
  private lastTransfer = 0n;
  private queuedBytes = 0;
  private busy = false;
  private chunksWaited = false;
  private closed = false;
  private readonly roomWanted: (() => void)[] = [];
  private readonly emptyWanted: (() => void)[] = [];

  constructor(
    private readonly write: WriteFrame,
    private readonly limits: Pick<Bounds, 'chunkBytes' | 'maxQueuedBytes'>,
  ) {}

  /** True when producers should wait for `room`. */
  get full(): boolean {
    return this.queuedBytes > this.limits.maxQueuedBytes;
  }

  /** Resolves when the queue is no longer full. */
  async room(): Promise<void> {
    while (this.full) await new Promise<void>((resolve) => this.roomWanted.push(resolve));
  }

  /** Writes everything queued, then this envelope, then nothing any more; resolves when that is done. */
  async finish(last: RunnerEnvelope): Promise<void> {
    await this.empty();
    this.send(last);
    this.closed = true;
    await this.empty();
  }

  /** Queues an envelope; `bytes` is the length of what it carries. */
  send(envelope: RunnerEnvelope, bytes = 0): void {
    if (this.closed) return;
    this.small.push({ envelope, bytes: bytes + ENVELOPE_BYTES });
    this.entered++;
    this.queuedBytes += bytes + ENVELOPE_BYTES;
    this.wake();
  }

  /** Queues an envelope with a payload, as a transfer when it is longer than a chunk. */
  sendPayload(payload: Payload, make: MakeEnvelope, sender?: Sender): void {
    if (Buffer.isBuffer(payload) && payload.length <= this.limits.chunkBytes) {
      return this.send(make(payload, 0n), payload.length);
    }
    const pieces = Buffer.isBuffer(payload) ? [payload] : [...payload];
    this.lastTransfer += 1n;
    this.transfers.push({ id: this.lastTransfer, pieces, begun: false, make, sender });
    this.queuedBytes += lengthOf(pieces);
    this.wake();
  }

  /** Queues a result whose body follows it as a transfer; `make` makes it from that transfer's id. */
  beginBody(make: (transfer: bigint) => RunnerEnvelope, bytes: number): BodyTransfer {
    this.lastTransfer += 1n;
    const body = new BodyTransfer(this.lastTransfer);
    this.send(make(body.id), bytes);
    body.after = this.entered;
    return body;
  }

  /** Queues the next bytes of a body. */
  addToBody(body: BodyTransfer, data: Buffer): void {
    body.add(data);
    this.queuedBytes += data.length;
    this.lineUp(body);
  }

  /** Queues the end of a body behind all small envelopes that wait: the log lines of its run are among them. */
  endBody(body: BodyTransfer, failure: Failure | undefined): void {
    body.end(failure);
    body.after = this.entered;
    this.lineUp(body);
  }

  private lineUp(body: BodyTransfer): void {
    if (!body.inLine) this.transfers.push(body);
    body.inLine = true;
    this.wake();
  }

  private async empty(): Promise<void> {
    while (this.busy) await new Promise<void>((resolve) => this.emptyWanted.push(resolve));
  }

  private wake(): void {
    if (this.busy) return;
    this.busy = true;
    // At the end of this round of the event loop, so that what the same round still queues goes along.
    setImmediate(() => this.flush());
  }

  private flush(): void {
    // Not both in one frame: the other side reads a frame when all of it has come, and small
    // envelopes should not wait for chunks.
    const takesChunks = this.small.length === 0 || (this.chunksWaited && this.transfers.some((each) => this.mayGo(each)));
    this.chunksWaited = this.transfers.length > 0 && !takesChunks;
    const envelopes = takesChunks ? this.takeChunks() : this.takeSmall();
    this.write({ envelopes }, () => this.written());
  }

  private written(): void {
    if (!this.full) for (const resolve of this.roomWanted.splice(0)) resolve();
    if (this.small.length > 0 || this.transfers.length > 0) return this.flush();
    this.busy = false;
    for (const resolve of this.emptyWanted.splice(0)) resolve();
  }

  private takeSmall(): RunnerEnvelope[] {
    let bytes = 0;
    let count = 0;
    while (count < this.small.length && count < MAX_FRAME_ENVELOPES && bytes < MAX_FRAME_BYTES) {
      bytes += (this.small[count++] as Waiting).bytes;
    }
    const taken = this.small.slice(0, count);
    this.small = count === this.small.length ? [] : this.small.slice(count);
    this.queuedBytes -= bytes;
    this.taken += count;
    return taken.map((waiting) => waiting.envelope);
  }

  /** Takes a chunk each from the transfers that have waited longest and puts them at the end of the line. */
  private takeChunks(): RunnerEnvelope[] {
    const envelopes: RunnerEnvelope[] = [];
    let room = MAX_FRAME_CHUNK_BYTES;
    for (let left = this.transfers.length; left > 0 && room > 0; left--) {
      const transfer = this.transfers.shift() as Transfer | BodyTransfer;
      if (!this.mayGo(transfer)) this.transfers.push(transfer);
      else if (transfer instanceof BodyTransfer) room -= this.takeOfBody(transfer, envelopes);
      else if (transfer.sender?.wanted() === false) this.giveUp(transfer, envelopes);
      else room -= this.takeChunk(transfer, envelopes);
    }
    return envelopes;
  }

  private mayGo(transfer: Transfer | BodyTransfer): boolean {
    return !(transfer instanceof BodyTransfer) || transfer.after <= this.taken;
  }

  private takeOfBody(body: BodyTransfer, envelopes: RunnerEnvelope[]): number {
    const value = body.nextChunk(this.limits.chunkBytes);
    this.queuedBytes -= value.data.length;
    envelopes.push({ kind: { $case: 'chunk', value } });
    body.inLine = body.hasMore;
    if (body.inLine) this.transfers.push(body);
    return value.data.length;
  }

  private takeChunk(transfer: Transfer, envelopes: RunnerEnvelope[]): number {
    const { chunkBytes } = this.limits;
    const first = transfer.pieces.shift() as Buffer;
    const data = first.subarray(0, chunkBytes);
    if (first.length > chunkBytes) transfer.pieces.unshift(first.subarray(chunkBytes));
    const expectedBytes = transfer.begun ? 0n : BigInt(data.length + lengthOf(transfer.pieces));
    transfer.begun = true;
    this.queuedBytes -= data.length;
    const last = transfer.pieces.length === 0;
    const value = { transfer: transfer.id, data, last, expectedBytes, aborted: undefined };
    envelopes.push({ kind: { $case: 'chunk', value } });
    if (!last) this.transfers.push(transfer);
    // At the end of the line, so that a long result does not overtake the log lines of its run.
    else this.send(transfer.make(EMPTY, transfer.id));
    return data.length;
  }

  private giveUp(transfer: Transfer, envelopes: RunnerEnvelope[]): void {
    this.queuedBytes -= lengthOf(transfer.pieces);
    transfer.sender?.givenUp();
    if (!transfer.begun) return;
    const aborted = failureOf(FailureKind.CANCELLED, 'the run that sends this has ended');
    const value = { transfer: transfer.id, data: EMPTY, last: false, expectedBytes: 0n, aborted };
    envelopes.push({ kind: { $case: 'chunk', value } });
  }
}

/** Bytes of a payload. */
export function lengthOf(payload: Payload): number {
  if (Buffer.isBuffer(payload)) return payload.length;
  return payload.reduce((bytes, piece) => bytes + piece.length, 0);
}
