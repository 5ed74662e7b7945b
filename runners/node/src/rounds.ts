// Long work in pieces: between two of them the event loop serves everybody else.

/** Bytes or characters beyond which a value is worked on in pieces; below it takes less than a millisecond. */
export const LARGE = 256 << 10;
/** Characters of a piece. */
export const PIECE = 64 << 10;

/** Milliseconds that a row of pieces may take before others have their turn. */
const ROUND_MS = 2;

/** Resolves when the event loop has gone round once. */
export function nextRound(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Puts texts together as UTF-8, and lets others go on again and again meanwhile. */
export async function gather(texts: Iterable<string>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let text = '';
  let began = performance.now();
  for (const next of texts) {
    text += next;
    if (text.length < PIECE) continue;
    pieces.push(Buffer.from(text));
    text = '';
    if (performance.now() - began < ROUND_MS) continue;
    await nextRound();
    began = performance.now();
  }
  pieces.push(Buffer.from(text));
  await nextRound();
  return Buffer.concat(pieces);
}
