// Value -> JSON text for response bodies. JSON.stringify would leave out functions and turn a Set into {}
// without a word, so a value is looked over first; it then does the work unless there is something it cannot do.
// Long texts are written in pieces, for 8 MiB in one would hold up every other run for tens of milliseconds.

import { describeUnsendable, isRecord, LONE_SURROGATE, MAX_DEPTH, Refusal } from './refusal.js';
import { gather, LARGE, PIECE } from './rounds.js';

/** About how many characters a number, a boolean, a date or a pair of brackets takes. */
const SHORT = 8;
/** How JSON.stringify begins the escape of a lone surrogate; the text "\\ud" is written in the same way. */
const SURROGATE = '\\ud';

/**
 * Gives the JSON text of a value, that of a large one later; `where` names it in errors. Throws `UnsendableError`,
 * and what a `toJSON` throws.
 */
export function toJson(value: unknown, where: string): Buffer | Promise<Buffer[]> {
  const survey = new Survey();
  const size = looked(survey, value, where);
  const writer = survey.needsOwnWriter ? write : native;
  if (size <= LARGE) {
    const text = writer(value);
    if (text.includes(SURROGATE)) looked(new Survey(true), value, where);
    return Buffer.from(text);
  }
  // All but long texts is written now: what the handler gave back may change as soon as others have their turn.
  const written = [...parts(value, survey.large, writer)];
  if (written.some(isSuspect)) looked(new Survey(true), value, where);
  return gather(inPieces(written));
}

function looked(survey: Survey, value: unknown, where: string): number {
  try {
    return survey.look(value);
  } catch (error) {
    throw Refusal.named(error, where);
  }
}

function isSuspect(part: string | LongText): boolean {
  return typeof part === 'string' ? part.includes(SURROGATE) : !part.text.isWellFormed();
}

/** A walk over a value that refuses what JSON has no form for, and tells about how many characters it takes. */
class Survey {
  /** The containers that take more characters than a piece has. */
  readonly large = new Set<object>();
  /** True when there was a Map or a big integer, which JSON.stringify cannot write. */
  needsOwnWriter = false;
  private readonly ancestors: object[] = [];

  /** `checksTexts`: refuses lone surrogates as well, which takes its time. */
  constructor(private readonly checksTexts = false) {}

  look(value: unknown): number {
    if (typeof value === 'string') return this.lookAtText(value);
    if (typeof value === 'object' && value !== null) return this.lookInside(value);
    if (typeof value === 'bigint') this.needsOwnWriter = true;
    else if (typeof value === 'function' || typeof value === 'symbol') throw new Refusal(describeUnsendable(value));
    return SHORT;
  }

  private lookAtText(text: string): number {
    if (this.checksTexts && !text.isWellFormed()) throw new Refusal(LONE_SURROGATE);
    return text.length;
  }

  private lookInside(value: object): number {
    if (this.ancestors.includes(value)) throw new Refusal('contains itself');
    if (this.ancestors.length >= MAX_DEPTH) throw new Refusal(`is nested deeper than ${MAX_DEPTH}`);
    if (hasToJson(value)) return SHORT;
    this.ancestors.push(value);
    const size = this.contents(value);
    this.ancestors.pop();
    if (size > PIECE) this.large.add(value);
    return size;
  }

  private contents(value: object): number {
    if (Array.isArray(value)) return this.lookAtItems(value);
    if (value instanceof Map) return this.lookAtMap(value);
    if (isRecord(value) && !(Symbol.asyncIterator in value)) return this.lookAtEntries(value);
    throw new Refusal(describeUnsendable(value));
  }

  private lookAtItems(items: readonly unknown[]): number {
    let size = SHORT;
    let i = 0;
    try {
      for (; i < items.length; i++) size += this.look(items[i]);
    } catch (error) {
      throw Refusal.within(error, i);
    }
    return size;
  }

  private lookAtEntries(record: Record<string, unknown>): number {
    let size = SHORT;
    let key = '';
    try {
      for (key of Object.keys(record)) size += this.lookAtText(key) + this.look(record[key]);
    } catch (error) {
      throw Refusal.within(error, key);
    }
    return size;
  }

  private lookAtMap(map: Map<unknown, unknown>): number {
    this.needsOwnWriter = true;
    return this.lookAtEntries(Object.fromEntries(map) as Record<string, unknown>);
  }
}

/** A text that is not JSON yet; it cannot change, so there is time. */
class LongText {
  constructor(readonly text: string) {}
}

/** The text of a value in parts; only what is in `large` is taken apart. */
function* parts(value: unknown, large: ReadonlySet<object>, writer: (value: unknown) => string): Generator<string | LongText> {
  if (typeof value === 'string' && value.length > PIECE) yield new LongText(value);
  else if (typeof value !== 'object' || value === null || !large.has(value)) yield writer(value);
  else if (Array.isArray(value)) {
    yield '[';
    for (let i = 0; i < value.length; i++) {
      if (i > 0) yield ',';
      yield* parts(value[i], large, writer);
    }
    yield ']';
  } else {
    let before = '{';
    for (const [key, item] of presentEntries(value)) {
      yield `${before}${JSON.stringify(String(key))}:`;
      yield* parts(item, large, writer);
      before = ',';
    }
    yield before === '{' ? '{}' : '}';
  }
}

function* inPieces(parts: Iterable<string | LongText>): Generator<string> {
  for (const part of parts) {
    if (typeof part === 'string') yield part;
    else yield* textPieces(part.text);
  }
}

/** A pair of surrogates that is cut apart comes out as two escapes, which is the same JSON text. */
function* textPieces(text: string): Generator<string> {
  yield '"';
  for (let at = 0; at < text.length; at += PIECE) yield JSON.stringify(text.slice(at, at + PIECE)).slice(1, -1);
  yield '"';
}

function native(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

function write(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null || hasToJson(value)) return native(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  const texts = presentEntries(value).map(([key, item]) => `${JSON.stringify(String(key))}:${write(item)}`);
  return `{${texts.join(',')}}`;
}

function presentEntries(value: object): [unknown, unknown][] {
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  return entries.filter(([, item]) => item !== undefined);
}

function hasToJson(value: object): boolean {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
