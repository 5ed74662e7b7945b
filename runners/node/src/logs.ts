// ctx.logger: lines for the core. A line that cannot be sent is sent as text; logging never throws.

import { StringDecoder } from 'node:string_decoder';
import { inspect } from 'node:util';
import type { Logger } from '../sdk/types.js';
import { LogLevel } from './_gen/runtime/runner/v1/runner.js';
import { toFailure } from './failure.js';
import type { Outbox } from './outbox.js';
import { encode } from './values.js';

/** Bytes of a line's data; a log line cannot be cut into chunks. */
const MAX_DATA_BYTES = 64 << 10;
/** Bytes of a line's text in UTF-8; what is over is left out. */
export const MAX_LINE_BYTES = 64 << 10;
/** Characters that stand for data that is too large. */
const MAX_PREVIEW = 2 << 10;
const EMPTY = Buffer.alloc(0);
const NOBODY = { stepName: '', traceId: '' };

/** What a line belongs to: a run, or once that has ended, and the core knows it no more, its step and trace. */
export interface LogOwner {
  readonly id: bigint;
  readonly ended: boolean;
  readonly invoke: { readonly stepName: string; readonly traceId: string };
}

/** Sends log lines. */
export class Logs {
  private dropped = 0;

  /** `root` is the project's path: stacks of logged errors are cut to its frames. */
  constructor(
    private readonly outbox: Outbox,
    private readonly root: string,
  ) {}

  /** Makes the logger of one run. */
  loggerOf(owner: LogOwner): Logger {
    const at = (level: LogLevel) => (message: unknown, data?: unknown) => {
      this.write(owner, level, message, data);
    };
    return { debug: at(LogLevel.DEBUG), info: at(LogLevel.INFO), warn: at(LogLevel.WARN), error: at(LogLevel.ERROR) };
  }

  /** Logs a line that a run has printed; `copy` is the number of its copy, 0 where it has none. */
  printed(owner: LogOwner, level: LogLevel, line: string, copy: bigint): void {
    this.write(owner, level, line, undefined, copy);
  }

  /** Logs an error that no run stands for. */
  runnerError(message: string, error: unknown): void {
    this.write(undefined, LogLevel.ERROR, message, error);
  }

  /** Logs what the author of a file should know, with no run to tell it to. */
  runnerWarning(message: string): void {
    this.write(undefined, LogLevel.WARN, message, undefined);
  }

  private write(owner: LogOwner | undefined, level: LogLevel, message: unknown, data: unknown, copy = 0n): void {
    if (this.outbox.full) {
      if (copy > 0n) return; // the core has its copy
      this.dropped++; // a log line cannot wait, so that a flood of them would fill the memory
      return;
    }
    if (this.dropped > 0) this.tellDropped();
    this.send(owner, level, textOf(message), data === undefined ? EMPTY : dataOf(data, this.root), copy);
  }

  private tellDropped(): void {
    const message = `${this.dropped} log lines were dropped: the core takes them more slowly`;
    this.dropped = 0;
    this.send(undefined, LogLevel.WARN, message, EMPTY);
  }

  private send(owner: LogOwner | undefined, level: LogLevel, message: string, data: Buffer, printed = 0n): void {
    const isLate = owner?.ended === true;
    const { stepName, traceId } = isLate ? owner.invoke : NOBODY;
    const invocationId = owner === undefined || isLate ? 0n : owner.id;
    const value = { invocationId, level, message, data, timeMs: Date.now(), printed, stepName, traceId };
    this.outbox.send({ kind: { $case: 'log', value } }, data.length + message.length);
  }
}

function textOf(message: unknown): string {
  const text = typeof message === 'string' ? message : safeInspect(message);
  if (text.length * 3 <= MAX_LINE_BYTES) return text.toWellFormed(); // UTF-8 cannot make more of it
  const bytes = Buffer.from(text.slice(0, MAX_LINE_BYTES + 1));
  if (bytes.length <= MAX_LINE_BYTES) return text.toWellFormed();
  // The decoder keeps the part of a character at the end to itself.
  return `${new StringDecoder('utf8').write(bytes.subarray(0, MAX_LINE_BYTES))}…`;
}

function dataOf(data: unknown, root: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = encode(data, 'data', (value) => standIn(value, root));
  } catch {
    // A toJSON or a getter inside threw: the line matters more than its form.
    bytes = encode(safeInspect(data).toWellFormed(), 'data');
  }
  if (bytes.length <= MAX_DATA_BYTES) return bytes;
  const preview = safeInspect(data).slice(0, MAX_PREVIEW).toWellFormed();
  return encode(`${preview}… (${bytes.length} bytes; a log line has at most ${MAX_DATA_BYTES})`, 'data');
}

function standIn(value: unknown, root: string): unknown {
  if (value instanceof Error) return errorData(value, root);
  return typeof value === 'string' ? value.toWellFormed() : safeInspect(value).toWellFormed();
}

function errorData(error: Error, root: string): unknown {
  const { type, message, stack } = toFailure(error, root);
  return { type, message, stack };
}

function safeInspect(value: unknown): string {
  try {
    return inspect(value, { depth: 4, breakLength: Infinity });
  } catch {
    return '(a value that throws when it is shown)';
  }
}
