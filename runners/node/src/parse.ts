// JSON text -> value, in pieces: JSON.parse of 8 MiB would hold up every other run for tens of milliseconds. Only the
// skeleton of a large text is read here, its long containers and texts; rows of short members between them go to
// JSON.parse, so that it alone says what is JSON.

import { isAscii } from 'node:buffer';
import { InvalidInputError } from './failure.js';
import { loneSurrogate, parseJson } from './request-json.js';
import { PIECE, Turns } from './rounds.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_RECORD = 0x7b;
const CLOSE_RECORD = 0x7d;
const LETTER_U = 0x75;
const FIRST_PRINTABLE = 0x20;
/** Levels of long containers inside each other that are taken apart. */
const MAX_LEVELS = 32;

/** A text that is not JSON, or too odd to be taken apart. */
class Odd extends Error {}

/** Gives the value of a JSON text in UTF-8, and lets others go on meanwhile. Throws what `parseJson` throws. */
export async function parseInPieces(bytes: Buffer): Promise<unknown> {
  try {
    return await new Reader(bytes).whole();
  } catch (error) {
    if (!(error instanceof Odd || error instanceof SyntaxError || error instanceof InvalidInputError)) throw error;
    return parseJson(bytes.toString('utf8')); // what it says is about the whole text
  }
}

/** A list or a record that is put together from rows of members. */
interface Container {
  readonly value: unknown;
  readonly open: string;
  readonly close: string;
  readonly hasKeys: boolean;
  addRow(row: object): void;
  add(key: string, value: unknown): void;
}

class List implements Container {
  readonly value: unknown[] = [];
  readonly open = '[';
  readonly close = ']';
  readonly hasKeys = false;

  addRow(row: object): void {
    for (const item of row as unknown[]) this.value.push(item);
  }

  add(_key: string, value: unknown): void {
    this.value.push(value);
  }
}

class RecordOfMembers implements Container {
  readonly value: Record<string, unknown> = {};
  readonly open = '{';
  readonly close = '}';
  readonly hasKeys = true;

  addRow(row: object): void {
    for (const key of Object.keys(row)) this.add(key, (row as Record<string, unknown>)[key]);
  }

  add(key: string, value: unknown): void {
    if (key !== '__proto__') this.value[key] = value;
    else Object.defineProperty(this.value, key, { value, configurable: true, enumerable: true, writable: true });
  }
}

class Reader {
  private at = 0;
  private levels = 0;
  private readonly turns = new Turns();
  private readonly encoding: 'latin1' | 'utf8';

  constructor(private readonly bytes: Buffer) {
    this.encoding = isAscii(bytes) ? 'latin1' : 'utf8'; // latin1 is ten times as quick
  }

  async whole(): Promise<unknown> {
    this.skipSpace();
    const value = await this.longValue();
    this.skipSpace();
    if (this.at < this.bytes.length) throw new Odd();
    return value;
  }

  private async longValue(): Promise<unknown> {
    if (++this.levels > MAX_LEVELS) throw new Odd();
    const value = await this.textOrContainer();
    this.levels--;
    return value;
  }

  private textOrContainer(): Promise<unknown> {
    switch (this.byte) {
      case QUOTE:
        return this.longText();
      case OPEN_LIST:
        return this.members(new List());
      case OPEN_RECORD:
        return this.members(new RecordOfMembers());
      default:
        throw new Odd();
    }
  }

  private async members(into: Container): Promise<unknown> {
    const close = into.close.charCodeAt(0);
    this.at++;
    this.skipSpace();
    if (this.byte !== close) {
      await this.row(into);
      while (this.byte === COMMA) {
        this.at++;
        this.skipSpace();
        if (this.turns.over) await this.turns.next();
        await this.row(into);
      }
    }
    this.skip(close);
    return into.value;
  }

  /** Takes a piece's worth of short members, or one long one. */
  private async row(into: Container): Promise<void> {
    const begin = this.at;
    let end = begin;
    while (this.skipShortMember(into)) {
      end = this.at;
      this.skipSpace();
      if (this.byte !== COMMA || end - begin > PIECE) break;
      this.at++;
      this.skipSpace();
    }
    if (end > begin) {
      into.addRow(parseJson(into.open + this.text(begin, end) + into.close, this.levels - 1) as object);
      this.at = end;
    } else {
      this.at = begin;
      into.add(into.hasKeys ? this.key() : '', await this.longValue());
    }
    this.skipSpace();
  }

  /** Leaves the position behind the member; false when that is longer than a piece. */
  private skipShortMember(into: Container): boolean {
    const limit = this.at + PIECE;
    if (into.hasKeys) {
      if (!this.skipText(limit)) throw new Odd();
      this.skipColon();
    }
    const begin = this.at;
    const { bytes } = this;
    let depth = 0;
    for (let at = begin; at < limit; at++) {
      switch (bytes[at]) {
        case QUOTE:
          this.at = at;
          if (!this.skipText(limit)) return false;
          at = this.at - 1;
          break;
        case OPEN_LIST:
        case OPEN_RECORD:
          depth++;
          break;
        case CLOSE_LIST:
        case CLOSE_RECORD:
        case COMMA:
          if (depth === 0) return this.endMember(begin, at);
          if (bytes[at] !== COMMA) depth--;
          break;
        case undefined:
          throw new Odd();
      }
    }
    return false;
  }

  private endMember(begin: number, end: number): boolean {
    if (begin === end) throw new Odd();
    this.at = end;
    return true;
  }

  /** Leaves the position behind the text; false when it does not end before the limit. */
  private skipText(limit: number): boolean {
    const { bytes } = this;
    if (bytes[this.at] !== QUOTE) throw new Odd();
    for (let at = this.at + 1; at < limit; at++) {
      const byte = bytes[at];
      if (byte === BACKSLASH) at++;
      else if (byte === undefined) throw new Odd();
      else if (byte === QUOTE) {
        this.at = at + 1;
        return true;
      }
    }
    return false;
  }

  /** Takes a key and its colon. */
  private key(): string {
    const begin = this.at;
    if (!this.skipText(begin + PIECE)) throw new Odd();
    const key = parseJson(this.text(begin, this.at)) as string;
    this.skipColon();
    return key;
  }

  private async longText(): Promise<string> {
    const begin = ++this.at;
    let text: string | undefined;
    while (this.byte !== QUOTE) {
      const piece = this.at;
      if (this.skipPieceOfText()) text ??= this.text(begin, piece);
      if (text !== undefined) text += JSON.parse(`"${this.text(piece, this.at)}"`) as string;
      if (this.turns.over) await this.turns.next();
    }
    const end = this.at++;
    if (text?.isWellFormed() === false) throw loneSurrogate();
    return text ?? this.text(begin, end);
  }

  /** Leaves the position behind whole characters and whole escapes; true when there was an escape. */
  private skipPieceOfText(): boolean {
    const { bytes } = this;
    const limit = this.at + PIECE;
    let at = this.at;
    let hasEscape = false;
    for (let byte = bytes[at]; at < limit || isContinuation(byte); byte = bytes[at]) {
      if (byte === undefined || byte < FIRST_PRINTABLE) throw new Odd();
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        hasEscape = true;
        at += bytes[at + 1] === LETTER_U ? 6 : 2;
      } else at++;
    }
    this.at = at;
    return hasEscape;
  }

  private skipColon(): void {
    this.skipSpace();
    this.skip(COLON);
    this.skipSpace();
  }

  private skipSpace(): void {
    while (this.byte === 0x20 || this.byte === 0x0a || this.byte === 0x0d || this.byte === 0x09) this.at++;
  }

  private skip(byte: number): void {
    if (this.byte !== byte) throw new Odd();
    this.at++;
  }

  private text(begin: number, end: number): string {
    return this.bytes.toString(this.encoding, begin, end);
  }

  private get byte(): number | undefined {
    return this.bytes[this.at];
  }
}

/** True for a byte of UTF-8 that begins no character. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
