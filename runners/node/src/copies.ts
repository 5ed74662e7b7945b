// Copies of what runs print, in the process's own output: they are there when a process dies, or spins, before it has
// sent a line.

import { openSync, writeSync } from 'node:fs';
import { LogLevel } from './_gen/runtime/runner/v1/runner.js';

/** Bytes of one write: a pipe takes so much as a whole, whoever else writes to it. */
const MAX_BYTES = 4096;
/** Milliseconds between two looks whether a full pipe has room again; the event loop stands still meanwhile. */
const LOOK_AGAIN_MS = 1;
/** How often to look; then copies are left out until there is room. */
const MAX_LOOKS = 500;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Where copies go, by their level. */
export type Descriptors = Map<LogLevel, number>;

/** Writes copies. */
export class Copies {
  private last = 0n;
  /** False once a pipe has stayed full for long, until it takes something again. */
  private isWaiting = true;
  private readonly goingOn: string;

  /** `session` marks the copies. */
  constructor(
    private readonly session: string,
    private readonly descriptors: Descriptors,
  ) {
    this.goingOn = `\x1e${session};0;`;
  }

  /**
   * Writes the next piece of a run's line, or its last; gives the number of a line that has ended, 0 where there is no
   * copy. Waits a while where the pipe is full, and never throws.
   */
  write(level: LogLevel, run: bigint, text: string, ends: boolean): bigint {
    const descriptor = this.descriptors.get(level);
    if (descriptor === undefined) return 0n;
    const number = ends ? ++this.last : 0n;
    try {
      this.put(descriptor, run, text, number);
    } catch (error) {
      // Where nobody reads any more; the lines themselves are sent all the same.
      if (!isFull(error)) this.descriptors.delete(level);
      return 0n;
    }
    return number;
  }

  private put(descriptor: number, run: bigint, text: string, number: bigint): void {
    const head = `\x1e${this.session};${number};${run}\x1f`;
    const whole = Buffer.from(`${head}${text}\n`);
    if (whole.length <= MAX_BYTES) return this.writeAll(descriptor, whole);
    const room = MAX_BYTES - head.length - 1;
    let rest = Buffer.from(text);
    for (; rest.length > room; rest = rest.subarray(room)) {
      this.writeAll(descriptor, Buffer.concat([Buffer.from(`${this.goingOn}${run}\x1f`), rest.subarray(0, room), Buffer.from('\n')]));
    }
    this.writeAll(descriptor, Buffer.concat([Buffer.from(head), rest, Buffer.from('\n')]));
  }

  private writeAll(descriptor: number, data: Buffer): void {
    for (let done = 0, looks = 0; done < data.length; ) {
      try {
        done += writeSync(descriptor, data, done);
        this.isWaiting = true;
      } catch (error) {
        if (!isFull(error) || !this.isWaiting) throw error;
        this.isWaiting = ++looks < MAX_LOOKS;
        Atomics.wait(NEVER, 0, 0, LOOK_AGAIN_MS);
      }
    }
  }
}

/** Where the process's stdout and stderr go now, whatever becomes of them. */
export function ownOutput(): Descriptors {
  return new Map([
    [LogLevel.INFO, descriptorOf(1)],
    [LogLevel.WARN, descriptorOf(2)],
  ]);
}

function descriptorOf(standard: number): number {
  try {
    // Not the descriptor itself, which Node makes one that refuses what there is no room for, and anybody may close.
    return openSync(`/proc/self/fd/${standard}`, 'a');
  } catch {
    return standard; // a socket, or another system than Linux
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}
