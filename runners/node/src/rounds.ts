// Long work in pieces: between two of them the event loop serves everybody else.

/** Bytes or characters beyond which a value is worked on in pieces; below it takes less than a millisecond. */
export const LARGE = 256 << 10;
/** Characters or bytes of a piece. */
export const PIECE = 32 << 10;

/** Milliseconds that a row of pieces may take before others have their turn. */
const ROUND_MS = 2;

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
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const turns = new Turns();
  let text = '';
  try {
    for (let at = 0; at < bytes.length; at += LARGE) {
      text += decoder.decode(bytes.subarray(at, at + LARGE), { stream: true });
      if (turns.over) await turns.next();
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Tells when a row of pieces has taken long enough. */
class Turns {
  private began = performance.now();

  get over(): boolean {
    return performance.now() - this.began >= ROUND_MS;
  }

  async next(): Promise<void> {
    await nextRound();
    this.began = performance.now();
  }
}
