// Errors with a meaning of their own. They are known by a mark, not by class, because a project may hold a
// second copy of this module, such as one that its tests bundle.

const HTTP_ERROR = Symbol.for('motia.HttpError');
const NON_RETRIABLE = Symbol.for('motia.NonRetriableError');
const VERSION_CONFLICT = Symbol.for('motia.VersionConflict');

/** Ends an api step with this status and body; any other step fails without being tried again. */
export class HttpError extends Error {
  override readonly name: string = 'HttpError';
  /** The HTTP status, 100 to 599. */
  readonly status: number;
  /** The response body, as a handler returns it; absent for none. */
  readonly body: unknown;

  /** Throws a RangeError when `status` is no integer from 100 to 599. */
  constructor(status: number, body?: unknown, options?: ErrorOptions) {
    super(typeof body === 'string' ? body : `HTTP ${status}`, options);
    if (!Number.isInteger(status) || status < 100 || status > 599) {
      throw new RangeError(`HttpError: status must be an integer from 100 to 599, got ${String(status)}`);
    }
    this.status = status;
    this.body = body;
    mark(this, HTTP_ERROR);
  }
}

/** Says that trying again is of no use: an event goes straight to the dead letters. */
export class NonRetriableError extends Error {
  override readonly name: string = 'NonRetriableError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    mark(this, NON_RETRIABLE);
  }
}

/**
 * What `state.set` with `ifVersion` throws when another version is stored, or none: read the entry again and decide anew.
 * When it is not caught, the step fails and may be tried again.
 */
export class VersionConflict extends Error {
  override readonly name: string = 'VersionConflict';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    mark(this, VERSION_CONFLICT);
  }

  /**
   * The runner throws it, users catch it, and each may have a copy of this class.
   * @internal
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === VersionConflict ? isMarked(value, VERSION_CONFLICT) : Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/**
 * Tells an `HttpError`, whichever copy of this module made it.
 * @internal
 */
export function isHttpError(value: unknown): value is HttpError {
  return isMarked(value, HTTP_ERROR);
}

/**
 * Tells a `NonRetriableError`, whichever copy of this module made it.
 * @internal
 */
export function isNonRetriable(value: unknown): value is NonRetriableError {
  return isMarked(value, NON_RETRIABLE);
}

function mark(error: Error, symbol: symbol): void {
  Object.defineProperty(error, symbol, { value: true });
}

function isMarked(value: unknown, symbol: symbol): boolean {
  return typeof value === 'object' && value !== null && symbol in value;
}
