// Payloads that come in chunks.

import type { Chunk } from './_gen/runtime/runner/v1/runner.js';

/** The other side broke the protocol; the message says how. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

interface Incoming {
  /** Room for what has come, and for more. */
  buffer: Buffer;
  bytes: number;
  complete: boolean;
}

const FIRST_BYTES = 256 << 10;

/** Puts incoming transfers together. */
export class Transfers {
  private readonly open = new Map<bigint, Incoming>();

  constructor(private readonly maxPayloadBytes: number) {}

  /** Adds a piece. Throws `ProtocolError` when the transfer grows past the limit or goes on after its last piece. */
  add({ transfer, data, last, aborted, expectedBytes }: Chunk): void {
    if (aborted !== undefined) {
      this.open.delete(transfer);
      return;
    }
    const incoming = this.open.get(transfer) ?? { buffer: this.firstBuffer(Number(expectedBytes)), bytes: 0, complete: false };
    if (incoming.complete) throw new ProtocolError(`transfer ${transfer} goes on after its last chunk`);
    if (incoming.bytes + data.length > this.maxPayloadBytes) {
      throw new ProtocolError(`transfer ${transfer} is longer than max_payload_bytes, ${this.maxPayloadBytes}`);
    }
    append(incoming, data);
    incoming.complete = last;
    this.open.set(transfer, incoming);
  }

  private firstBuffer(expectedBytes: number): Buffer {
    return Buffer.allocUnsafeSlow(Math.min(expectedBytes || FIRST_BYTES, this.maxPayloadBytes));
  }

  /** Gives the payload of an envelope, which stands in it or came as a transfer. Throws `ProtocolError`. */
  payload(inline: Buffer, transfer: bigint): Buffer {
    if (transfer === 0n) return inline;
    const incoming = this.open.get(transfer);
    if (!incoming?.complete) throw new ProtocolError(`an envelope names transfer ${transfer}, which is not complete`);
    this.open.delete(transfer);
    return incoming.buffer.subarray(0, incoming.bytes);
  }
}

/** Copies each piece as it comes: all at the end would hold up the event loop for milliseconds. */
function append(incoming: Incoming, data: Buffer): void {
  const bytes = incoming.bytes + data.length;
  if (bytes > incoming.buffer.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * incoming.buffer.length));
    incoming.buffer.copy(larger, 0, 0, incoming.bytes);
    incoming.buffer = larger;
  }
  data.copy(incoming.buffer, incoming.bytes);
  incoming.bytes = bytes;
}
