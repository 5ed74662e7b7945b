// MessagePack -> value.

/** Keys of up to this many bytes are looked up among those seen before; most maps have the same keys. */
const SHORT_KEY = 24;
/** Keys that are remembered; a power of two. */
const KNOWN_KEYS = 1024;
const TWO_32 = 0x1_0000_0000;

const known: ({ bytes: Buffer; text: string } | undefined)[] = new Array(KNOWN_KEYS);

/** Reads one value from its bytes. */
export class Decoder {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  /** Gives the value; throws when the bytes are cut short, go on after it, or hold an extension type. */
  decode(): unknown {
    const value = this.value();
    if (this.at !== this.bytes.length) throw new Error(`${this.bytes.length - this.at} bytes follow the value`);
    return value;
  }

  private value(): unknown {
    const form = this.bytes[this.skip(1)] as number;
    if (form < 0x80) return form;
    if (form < 0x90) return this.map(form & 15);
    if (form < 0xa0) return this.list(form & 15);
    if (form < 0xc0) return this.text(form & 31);
    if (form >= 0xe0) return form - 0x100;
    return this.wide(form);
  }

  private wide(form: number): unknown {
    switch (form) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.slice(this.unsigned(1 << (form - 0xc4)));
      case 0xca:
        return this.bytes.readFloatBE(this.skip(4));
      case 0xcb:
        return this.bytes.readDoubleBE(this.skip(8));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.unsigned(1 << (form - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.list(this.unsigned(2 << (form - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.map(this.unsigned(2 << (form - 0xde)));
      default:
        return this.integer(form);
    }
  }

  private integer(form: number): number | bigint {
    if (form >= 0xcc && form <= 0xce) return this.unsigned(1 << (form - 0xcc));
    if (form >= 0xd0 && form <= 0xd2) {
      const width = 1 << (form - 0xd0);
      return this.bytes.readIntBE(this.skip(width), width);
    }
    if (form !== 0xcf && form !== 0xd3) throw new Error(`extension types are not values (byte 0x${form.toString(16)})`);
    const start = this.skip(8);
    const high = form === 0xcf ? this.bytes.readUInt32BE(start) : this.bytes.readInt32BE(start);
    const number = high * TWO_32 + this.bytes.readUInt32BE(start + 4);
    if (Number.isSafeInteger(number)) return number;
    return form === 0xcf ? this.bytes.readBigUInt64BE(start) : this.bytes.readBigInt64BE(start);
  }

  private list(length: number): unknown[] {
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(this.value());
    return items;
  }

  private map(length: number): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const key = this.key();
      if (key === '__proto__') define(record, key, this.value());
      else record[key] = this.value();
    }
    return record;
  }

  private key(): string {
    const form = this.bytes[this.at] ?? 0;
    if (form < 0xa0 || form > 0xa0 + SHORT_KEY) return String(this.value());
    const start = this.at + 1;
    const end = start + (form & 31);
    if (end > this.bytes.length) return String(this.value());
    this.at = end;
    return this.knownKey(start, end);
  }

  private knownKey(start: number, end: number): string {
    const { bytes } = this;
    let slot = end - start;
    for (let i = start; i < end; i++) slot = (Math.imul(slot, 31) + (bytes[i] as number)) & (KNOWN_KEYS - 1);
    const entry = known[slot];
    if (entry !== undefined && same(entry.bytes, bytes, start, end)) return entry.text;
    const text = bytes.toString('utf8', start, end);
    known[slot] = { bytes: Buffer.from(bytes.subarray(start, end)), text };
    return text;
  }

  private text(length: number): string {
    const start = this.skip(length);
    return this.bytes.toString('utf8', start, this.at);
  }

  private slice(length: number): Buffer {
    const start = this.skip(length);
    return this.bytes.subarray(start, this.at);
  }

  private unsigned(width: number): number {
    return this.bytes.readUIntBE(this.skip(width), width);
  }

  /** Moves past bytes and gives where they began. */
  private skip(length: number): number {
    const start = this.at;
    this.at += length;
    if (this.at > this.bytes.length) throw new Error('the value is cut short');
    return start;
  }
}

/** Compares by hand: for a few bytes a call into the engine costs more than the bytes. */
function same(seen: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (seen.length !== end - start) return false;
  for (let i = 0; i < seen.length; i++) if (seen[i] !== bytes[start + i]) return false;
  return true;
}

/** Sets a key that would otherwise change the object's prototype. */
function define(record: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}
