// What an `HttpError` that ends an api step answers, by the rules of a returned body.

import type { HttpError } from '../sdk/errors.js';
import { type Failure, FailureKind } from './_gen/runtime/runner/v1/runner.js';
import { InvalidOutputError, toFailure } from './failure.js';
import { formOf, writeResponse } from './http.js';
import type { Payload } from './outbox.js';
import { UnsendableError } from './refusal.js';
import { parseJson } from './request-json.js';
import { encode } from './values.js';

/** Bytes of a body that travels inside its failure, which cannot be cut into chunks; a longer one goes as a response. */
const MAX_HTTP_BODY_BYTES = 256 << 10;
/** What the core says of a text that a failure carries. */
const PLAIN = { 'content-type': 'text/plain; charset=utf-8' };

/**
 * Gives the error's failure with status and body, or the response where a failure cannot carry the body. `failure` is
 * the one without them; the kind is INVALID_OUTPUT when the body cannot be sent.
 */
export async function answerOf(error: HttpError, failure: Failure, root: string): Promise<Failure | Payload> {
  try {
    const { status, body } = error;
    if (!Number.isInteger(status)) throw new InvalidOutputError(`its status is ${typeof status}`);
    const httpBody = await carried(body);
    if (httpBody !== undefined) return { ...failure, httpStatus: status, httpBody };
    return await writeResponse({ status, headers: typeof body === 'string' ? PLAIN : undefined, body });
  } catch (fault) {
    const kind = FailureKind.INVALID_OUTPUT;
    const message = `the body of the HttpError cannot be sent: ${toFailure(fault, root, kind).message}`;
    return { ...failure, kind, message, retryable: false };
  }
}

/** The body as a value of the failure; undefined when that cannot be. */
async function carried(given: unknown): Promise<Buffer | undefined> {
  const { form, body } = formOf(given);
  if (body === undefined) return Buffer.alloc(0);
  const written = await body;
  if (!Buffer.isBuffer(written) || written.length > MAX_HTTP_BODY_BYTES) return undefined;
  if (form === 'bytes') return encode(written, 'body');
  const text = written.toString();
  try {
    return encode(form === 'json' ? parseJson(text) : text, 'body');
  } catch (error) {
    if (error instanceof UnsendableError) return undefined; // integers of more than 64 bits: JSON has them, values do not
    throw error;
  }
}
