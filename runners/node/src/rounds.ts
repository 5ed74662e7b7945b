// Long work in pieces: between two of them the event loop serves everybody else.

import { isAscii, isUtf8 } from 'node:buffer';

/** Bytes or characters beyond which a value is worked on in pieces; below it takes less than a millisecond. */
export const LARGE = 256 << 10;
/** Characters or bytes of a piece. */
export const PIECE = 32 << 10;

/** Milliseconds that a row of pieces may take before others have their turn. */
const ROUND_MS = 0.5;

/** Resolves when the event loop has gone round once. */
export function nextRound(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Gives texts as UTF-8 in pieces, and lets others go on again and again meanwhile. */
export async function gather(texts: Iterable<string>): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  let text = '';
  const turns = new Turns();
  for (const next of texts) {
    text += next;
    if (text.length < PIECE) continue;
    pieces.push(Buffer.from(text));
    text = '';
    if (turns.over) await turns.next();
  }
  pieces.push(Buffer.from(text));
  return pieces;
}

/** Gives the text of UTF-8 bytes, undefined when they are something else, and lets others go on meanwhile. */
export async function textOf(bytes: Buffer): Promise<string | undefined> {
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (!isUtf8(bytes)) return undefined;
  await nextRound();
  // Not in pieces: a text that is put together has to be copied once more before it can be parsed.
  return bytes.toString('utf8');
}

/** Tells when a row of pieces has taken long enough. */
export class Turns {
  private began = performance.now();

  get over(): boolean {
    return performance.now() - this.began >= ROUND_MS;
  }

  async next(): Promise<void> {
    await nextRound();
    this.began = performance.now();
  }
}
