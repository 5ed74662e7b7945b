// Values as PROTOCOL.md §8 has them. Our own MessagePack, because the known libraries send 1700000000000
// as a float, lose digits past 2^53, or drop what they cannot send without a word.

import { Decoder } from './decoder.js';
import { Encoder, type Substitute } from './encoder.js';
import { Refusal } from './refusal.js';

let spare: Encoder | undefined;

/**
 * Encodes a value; `where` names it in errors. With `substitute` nothing is refused.
 * Throws `UnsendableError`, and what a `toJSON` or a getter inside the value throws.
 */
export function encode(value: unknown, where: string, substitute?: Substitute): Buffer {
  const encoder = spare ?? new Encoder();
  spare = undefined; // a toJSON inside the value may encode something itself
  try {
    return encoder.encode(value, substitute);
  } catch (error) {
    throw Refusal.named(error, where);
  } finally {
    spare = encoder;
  }
}

/** Decodes one value; no bytes are null. Bytes inside share memory with `bytes`. Throws on malformed input. */
export function decode(bytes: Buffer): unknown {
  return bytes.length === 0 ? null : new Decoder(bytes).decode();
}
