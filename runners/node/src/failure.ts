// Errors as data: what user code threw -> Failure, and the Failure of a host call -> an error for user code.

import { sep } from 'node:path';
import { inspect } from 'node:util';
import { type Failure, FailureKind } from './_gen/runtime/runner/v1/runner.js';
import { type HttpError, isHttpError, isNonRetriable, VersionConflict } from '../sdk/errors.js';
import { isOwnFile } from './project.js';
import { UnsendableError } from './refusal.js';

/** Causes of causes that are told. */
const MAX_CAUSES = 8;
/** Characters of a message or stack that are told. */
const MAX_TEXT = 64 << 10;
/** Kinds that a retry is of no use for. */
const FINAL: ReadonlySet<FailureKind> = new Set([FailureKind.NON_RETRIABLE, FailureKind.INVALID_INPUT, FailureKind.INVALID_OUTPUT]);
const EMPTY = Buffer.alloc(0);
const FRAME = /^\s+at (?:.*? \((.*)\)|(?:async )?(.*))$/;

/** What a request cannot be read as. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError';
}

/** What a handler returned that is no answer. */
export class InvalidOutputError extends Error {
  override readonly name = 'InvalidOutputError';
}

/** A call to the core that it refused or that failed there. */
export class HostCallError extends Error {
  override readonly name: string;
  /** False when a retry is of no use. */
  readonly retryable: boolean;

  constructor(failure: Failure) {
    super(failure.message, failure.cause && { cause: new HostCallError(failure.cause) });
    this.name = failure.type || 'HostCallError';
    this.retryable = failure.retryable;
  }
}

/** Makes the error that a host call throws for the core's failure. */
export function errorOf(failure: Failure): Error {
  return failure.kind === FailureKind.CONFLICT ? new VersionConflict(failure.message) : new HostCallError(failure);
}

/** Makes a failure that no error stands behind. */
export function failureOf(kind: FailureKind, message: string): Failure {
  return {
    kind,
    type: '',
    message,
    stack: '',
    cause: undefined,
    retryable: !FINAL.has(kind),
    httpStatus: 0,
    httpBody: EMPTY,
  };
}

/** Makes the failure that a throw means; stacks are cut to the frames of the project at `root`. */
export function toFailure(error: unknown, root: string, kind?: FailureKind): Failure {
  try {
    return read(error, root, kind ?? kindOf(error));
  } catch {
    return failureOf(kind ?? FailureKind.HANDLER, 'an error was thrown that throws when it is read');
  }
}

/** Gives an error back that is an `HttpError`; undefined for any other, also one that throws when it is asked. */
export function httpErrorOf(error: unknown): HttpError | undefined {
  try {
    return isHttpError(error) ? error : undefined;
  } catch {
    return undefined;
  }
}

/** A place in a source file; line and column count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** Gives the first place in the project that a stack names; undefined when there is none. */
export function firstOwnPlace(stack: string, root: string): Place | undefined {
  for (const line of stack.split('\n')) {
    const place = placeOf(line);
    if (place !== undefined && isOwnFile(place.file, root)) return place;
  }
  return undefined;
}

function read(error: unknown, root: string, kind: FailureKind): Failure {
  // What the runner itself refuses has no class or stack of the user's to show.
  if (error instanceof InvalidInputError || error instanceof InvalidOutputError) return failureOf(kind, cut(error.message));
  if (error instanceof UnsendableError && kind === FailureKind.INVALID_OUTPUT) return failureOf(kind, cut(error.message));
  const failure = described(error, root, kind, MAX_CAUSES);
  if (error instanceof HostCallError) failure.retryable = error.retryable;
  return failure;
}

function kindOf(error: unknown): FailureKind {
  if (isNonRetriable(error) || isHttpError(error)) return FailureKind.NON_RETRIABLE;
  if (error instanceof InvalidInputError) return FailureKind.INVALID_INPUT;
  if (error instanceof InvalidOutputError) return FailureKind.INVALID_OUTPUT;
  return FailureKind.HANDLER;
}

function described(error: unknown, root: string, kind: FailureKind, causes: number): Failure {
  const failure = failureOf(kind, cut(error instanceof Error ? String(error.message) : inspect(error)));
  if (!(error instanceof Error)) return failure;
  failure.type = typeOf(error);
  failure.stack = cut([`${failure.type}: ${failure.message}`, ...ownFrames(String(error.stack), root)].join('\n'));
  if (error.cause !== undefined && causes > 0) {
    failure.cause = described(error.cause, root, kindOf(error.cause), causes - 1);
  }
  return failure;
}

function typeOf(error: Error): string {
  const { name } = error;
  return typeof name === 'string' && name !== 'Error' ? name : String(error.constructor?.name ?? 'Error');
}

/** Gives the lines of a stack that name files of the project, with paths from its root. */
function ownFrames(stack: string, root: string): string[] {
  const lines = stack.split('\n').filter((line) => isOwnFile(placeOf(line)?.file ?? '', root));
  return lines.map((line) => line.replace(root + sep, ''));
}

/** Reads a line of a stack such as "    at async handler (/a/b.ts:3:5)"; undefined for any other line. */
function placeOf(line: string): Place | undefined {
  const [, inBrackets, bare] = FRAME.exec(line) ?? [];
  const [, file, row, column] = /^(?:file:\/\/)?(.+):(\d+):(\d+)$/.exec(inBrackets ?? bare ?? '') ?? [];
  return file === undefined ? undefined : { file, line: Number(row), column: Number(column) };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`.toWellFormed();
}
