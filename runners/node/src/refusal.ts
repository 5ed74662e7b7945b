// How a value that cannot be sent is refused: thrown where it stands, named on the way up.

/** Containers inside containers before a value is refused. */
export const MAX_DEPTH = 512;
/** Why a text is refused, as the end of a sentence. */
export const LONE_SURROGATE = 'holds a lone surrogate, which is no text';
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** A value that cannot be sent; the message names the place inside it. */
export class UnsendableError extends Error {
  override readonly name = 'UnsendableError';
}

/** Why a value is refused, on its way up through the containers, each of which adds its part of the place. */
export class Refusal {
  private place = '';

  constructor(private readonly reason: string) {}

  /** Adds the key under which a container holds what was refused; gives every error back. */
  static within(error: unknown, key: string | number): unknown {
    if (error instanceof Refusal) error.place = segment(key) + error.place;
    return error;
  }

  /** Turns a refusal into the error for the user; gives every other error back. */
  static named(error: unknown, where: string): unknown {
    return error instanceof Refusal ? new UnsendableError(`${where}${error.place} ${error.reason}`) : error;
  }
}

/** Says what a value is that cannot be sent, as the end of a sentence. */
export function describeUnsendable(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `is a ${typeof value}, which cannot be sent`;
  const tag = tagOf(value);
  if (tag === 'Promise') return 'is a Promise, which cannot be sent; await it first';
  return `is of type ${tag}, which cannot be sent`;
}

/** Tells maps and instances of plain classes from objects with a form of their own, such as a Set. */
export function isRecord(value: object): value is Record<string, unknown> {
  return tagOf(value) === 'Object' || Object.getPrototypeOf(value) === null;
}

/** Throws an `UnsendableError` when something has more bytes than the connection allows. */
export function checkSize(bytes: number, limit: number, what: string): void {
  if (bytes > limit) throw new UnsendableError(`${what} comes to ${bytes} bytes; the limit is ${limit} bytes`);
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function segment(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
