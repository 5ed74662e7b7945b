// The only writer of the connection. While one frame is being written everything else queues up, and the next
// frame takes all of it: batching without a timer.

import { FailureKind, type RunnerEnvelope, type RunnerFrame } from './_gen/runtime/runner/v1/runner.js';
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

interface Transfer {
  id: bigint;
  /** What is not sent yet; a piece may be longer than a chunk. */
  pieces: Buffer[];
  begun: boolean;
  make: MakeEnvelope;
  wanted: () => boolean;
}

/** Queues envelopes and writes them in frames. */
export class Outbox {
  private small: Waiting[] = [];
  private readonly transfers: Transfer[] = [];
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
    this.queuedBytes += bytes + ENVELOPE_BYTES;
    this.wake();
  }

  /**
   * Queues an envelope with a payload, as a transfer when it is longer than a chunk. A transfer is given up
   * when `wanted` says no before its last chunk.
   */
  sendPayload(payload: Payload, make: MakeEnvelope, wanted = always): void {
    if (Buffer.isBuffer(payload) && payload.length <= this.limits.chunkBytes) {
      return this.send(make(payload, 0n), payload.length);
    }
    const pieces = Buffer.isBuffer(payload) ? [payload] : [...payload];
    this.lastTransfer += 1n;
    this.transfers.push({ id: this.lastTransfer, pieces, begun: false, make, wanted });
    this.queuedBytes += lengthOf(pieces);
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
    const takesChunks = this.transfers.length > 0 && (this.chunksWaited || this.small.length === 0);
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
    return taken.map((waiting) => waiting.envelope);
  }

  /** Takes a chunk each from the transfers that have waited longest and puts them at the end of the line. */
  private takeChunks(): RunnerEnvelope[] {
    const envelopes: RunnerEnvelope[] = [];
    let left = Math.max(1, Math.floor(MAX_FRAME_CHUNK_BYTES / this.limits.chunkBytes));
    left = Math.min(left, this.transfers.length);
    for (; left > 0; left--) {
      const transfer = this.transfers.shift() as Transfer;
      if (transfer.wanted()) this.takeChunk(transfer, envelopes);
      else this.giveUp(transfer, envelopes);
    }
    return envelopes;
  }

  private takeChunk(transfer: Transfer, envelopes: RunnerEnvelope[]): void {
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
  }

  private giveUp(transfer: Transfer, envelopes: RunnerEnvelope[]): void {
    this.queuedBytes -= lengthOf(transfer.pieces);
    if (!transfer.begun) return;
    const aborted = failureOf(FailureKind.CANCELLED, 'the run that sent this has ended');
    const value = { transfer: transfer.id, data: EMPTY, last: false, expectedBytes: 0n, aborted };
    envelopes.push({ kind: { $case: 'chunk', value } });
  }
}

/** Bytes of a payload. */
export function lengthOf(payload: Payload): number {
  if (Buffer.isBuffer(payload)) return payload.length;
  return payload.reduce((bytes, piece) => bytes + piece.length, 0);
}

function always(): boolean {
  return true;
}
