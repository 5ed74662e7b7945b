// Payloads that come in chunks.

import type { Chunk } from './_gen/runtime/runner/v1/runner.js';

/** The other side broke the protocol; the message says how. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

interface Incoming {
  pieces: Buffer[];
  bytes: number;
  complete: boolean;
}

/** Puts incoming transfers together. */
export class Transfers {
  private readonly open = new Map<bigint, Incoming>();

  constructor(private readonly maxPayloadBytes: number) {}

  /** Adds a piece. Throws `ProtocolError` when the transfer grows past the limit or goes on after its last piece. */
  add({ transfer, data, last, aborted }: Chunk): void {
    if (aborted !== undefined) {
      this.open.delete(transfer);
      return;
    }
    const incoming = this.open.get(transfer) ?? { pieces: [], bytes: 0, complete: false };
    if (incoming.complete) throw new ProtocolError(`transfer ${transfer} goes on after its last chunk`);
    incoming.pieces.push(data);
    incoming.bytes += data.length;
    incoming.complete = last;
    if (incoming.bytes > this.maxPayloadBytes) {
      throw new ProtocolError(`transfer ${transfer} is longer than max_payload_bytes, ${this.maxPayloadBytes}`);
    }
    this.open.set(transfer, incoming);
  }

  /** Gives the payload of an envelope, which stands in it or came as a transfer. Throws `ProtocolError`. */
  payload(inline: Buffer, transfer: bigint): Buffer {
    if (transfer === 0n) return inline;
    const incoming = this.open.get(transfer);
    if (!incoming?.complete) throw new ProtocolError(`an envelope names transfer ${transfer}, which is not complete`);
    this.open.delete(transfer);
    return Buffer.concat(incoming.pieces, incoming.bytes);
  }
}
