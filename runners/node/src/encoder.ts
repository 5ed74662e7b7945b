// Value -> MessagePack. What it refuses and how it names the place: refusal.ts.

import { describeUnsendable, isRecord, LONE_SURROGATE, MAX_DEPTH, Refusal } from './refusal.js';

/** Bytes that an encoder keeps allocated between two values; a longer value takes the buffer with it. */
const KEPT_BYTES = 64 << 10;
/** Text of up to this many characters is written without a call into the engine; at most 31, one head byte. */
const SHORT_TEXT = 24;
const TWO_32 = 0x1_0000_0000;

/** Gives what is sent in place of a value that cannot be. */
export type Substitute = (value: unknown) => unknown;

/** Writes one value at a time into a buffer that it keeps. */
export class Encoder {
  private buffer = Buffer.allocUnsafeSlow(4096);
  private at = 0;
  private ancestors: object[] = [];
  private substitute: Substitute | undefined;

  /** Gives the bytes of a value; throws a `Refusal` unless there is a substitute. */
  encode(value: unknown, substitute: Substitute | undefined): Buffer {
    this.at = 0;
    this.ancestors.length = 0;
    this.substitute = substitute;
    this.value(value);
    const bytes = this.buffer.subarray(0, this.at);
    if (this.buffer.length <= KEPT_BYTES) return Buffer.from(bytes);
    this.buffer = Buffer.allocUnsafeSlow(4096);
    return bytes;
  }

  private value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return Number.isSafeInteger(value) ? this.integer(value) : this.float(value);
      case 'boolean':
        return this.byte(value ? 0xc3 : 0xc2);
      case 'undefined':
        return this.byte(0xc0);
      case 'bigint':
        return this.bigInteger(value);
      case 'object':
        return value === null ? this.byte(0xc0) : this.object(value);
      default:
        return this.refuse(value, describeUnsendable(value));
    }
  }

  private refuse(value: unknown, reason: string): void {
    if (this.substitute === undefined) throw new Refusal(reason);
    const { substitute } = this;
    this.substitute = undefined; // what it gives must be sendable
    this.value(substitute(value));
    this.substitute = substitute;
  }

  private object(value: object): void {
    if (this.ancestors.includes(value)) return this.refuse(value, 'contains itself');
    if (this.ancestors.length >= MAX_DEPTH) return this.refuse(value, `is nested deeper than ${MAX_DEPTH}`);
    this.ancestors.push(value);
    if (Array.isArray(value)) this.list(value);
    else this.keyed(value);
    this.ancestors.pop();
  }

  private keyed(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (value instanceof Uint8Array) this.binary(value);
    else if (value instanceof ArrayBuffer) this.binary(new Uint8Array(value));
    else if (value instanceof Date) this.date(value);
    else if ('toJSON' in value && typeof value.toJSON === 'function') this.replaced(value, value.toJSON(''));
    else if (prototype === Object.prototype || isRecord(value)) this.record(value as Record<string, unknown>);
    else if (value instanceof Map) this.map(value);
    else this.refuse(value, describeUnsendable(value));
  }

  private replaced(value: object, json: unknown): void {
    if (json === value) this.record(value as Record<string, unknown>);
    else this.value(json);
  }

  private date(value: Date): void {
    if (Number.isNaN(value.getTime())) this.refuse(value, 'is an invalid date');
    else this.text(value.toISOString());
  }

  private list(items: readonly unknown[]): void {
    this.head(items.length, 0x90, 15, 0xdc);
    let i = 0;
    try {
      for (; i < items.length; i++) this.value(items[i]);
    } catch (error) {
      throw Refusal.within(error, i);
    }
  }

  private record(value: Record<string, unknown>): void {
    const keys = Object.keys(value);
    const start = this.at;
    this.head(keys.length, 0x80, 15, 0xde);
    let absent = 0;
    let key = '';
    try {
      for (key of keys) {
        const item = value[key];
        if (item === undefined) absent++;
        else {
          this.text(key);
          this.value(item);
        }
      }
    } catch (error) {
      throw Refusal.within(error, key);
    }
    if (absent > 0) this.lowerCount(start, keys.length - absent);
  }

  private map(map: Map<unknown, unknown>): void {
    const start = this.at;
    this.head(map.size, 0x80, 15, 0xde);
    let absent = 0;
    for (const [key, item] of map) {
      if (typeof key !== 'string' && !Number.isSafeInteger(key)) {
        throw new Refusal(`has a ${typeof key} as key; keys are strings or integers`);
      }
      if (item === undefined) absent++;
      else this.entry(key as string | number, item);
    }
    if (absent > 0) this.lowerCount(start, map.size - absent);
  }

  private entry(key: string | number, item: unknown): void {
    try {
      this.value(key);
      this.value(item);
    } catch (error) {
      throw Refusal.within(error, String(key));
    }
  }

  /** Corrects the count of a map whose head stands at `start`, in the head's own width. */
  private lowerCount(start: number, count: number): void {
    const form = this.buffer[start];
    if (form === 0xdf) this.buffer.writeUInt32BE(count, start + 1);
    else if (form === 0xde) this.buffer.writeUInt16BE(count, start + 1);
    else this.buffer[start] = 0x80 | count;
  }

  /** Writes a length in the shortest of three forms: in the first byte, in 16 bits, in 32 bits. */
  private head(length: number, short: number, shortMax: number, form16: number): void {
    this.reserve(5);
    if (length <= shortMax) this.buffer[this.at++] = short | length;
    else if (length <= 0xffff) {
      this.buffer[this.at] = form16;
      this.buffer.writeUInt16BE(length, this.at + 1);
      this.at += 3;
    } else {
      this.buffer[this.at] = form16 + 1;
      this.buffer.writeUInt32BE(length, this.at + 1);
      this.at += 5;
    }
  }

  private text(text: string): void {
    if (text.length > SHORT_TEXT || !this.shortAscii(text)) this.longText(text);
  }

  private shortAscii(text: string): boolean {
    const { length } = text;
    this.reserve(length + 1);
    const { buffer } = this;
    let at = this.at + 1;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      buffer[at++] = code;
    }
    buffer[this.at] = 0xa0 | length;
    this.at = at;
    return true;
  }

  private longText(text: string): void {
    if (!text.isWellFormed()) return this.refuse(text, LONE_SURROGATE);
    const length = Buffer.byteLength(text);
    if (length > 31 && length < 256) {
      this.byte(0xd9);
      this.byte(length);
    } else this.head(length, 0xa0, 31, 0xda);
    this.reserve(length);
    this.at += this.buffer.write(text, this.at, length, 'utf8');
  }

  private binary(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length < 256) {
      this.byte(0xc4);
      this.byte(length);
    } else this.head(length, 0, -1, 0xc5);
    this.reserve(length);
    this.buffer.set(bytes, this.at);
    this.at += length;
  }

  private integer(value: number): void {
    this.reserve(9);
    const { buffer, at } = this;
    if (value >= 0 ? value < 0x80 : value >= -0x20) {
      buffer[this.at++] = value & 0xff;
    } else if (value >= 0 ? value < 0x100 : value >= -0x80) {
      buffer[at] = value >= 0 ? 0xcc : 0xd0;
      buffer[at + 1] = value & 0xff;
      this.at += 2;
    } else if (value >= 0 ? value < 0x1_0000 : value >= -0x8000) {
      buffer[at] = value >= 0 ? 0xcd : 0xd1;
      buffer.writeUInt16BE(value & 0xffff, at + 1);
      this.at += 3;
    } else if (value >= 0 ? value < TWO_32 : value >= -0x8000_0000) {
      buffer[at] = value >= 0 ? 0xce : 0xd2;
      buffer.writeUInt32BE(value >>> 0, at + 1);
      this.at += 5;
    } else {
      buffer[at] = value >= 0 ? 0xcf : 0xd3;
      buffer.writeInt32BE(Math.floor(value / TWO_32) | 0, at + 1);
      buffer.writeUInt32BE(value >>> 0, at + 5);
      this.at += 9;
    }
  }

  private bigInteger(value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return this.integer(number);
    const signed = BigInt.asIntN(64, value) === value && value < 0n;
    if (!signed && BigInt.asUintN(64, value) !== value) {
      return this.refuse(value, 'is an integer outside -2^63 to 2^64-1');
    }
    this.byte(signed ? 0xd3 : 0xcf);
    this.reserve(8);
    this.at = this.buffer.writeBigUInt64BE(BigInt.asUintN(64, value), this.at);
  }

  private float(value: number): void {
    this.byte(0xcb);
    this.reserve(8);
    this.at = this.buffer.writeDoubleBE(value, this.at);
  }

  private byte(value: number): void {
    this.reserve(1);
    this.buffer[this.at++] = value;
  }

  private reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}
