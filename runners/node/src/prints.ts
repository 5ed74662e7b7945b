// What user code prints goes to the core as lines of its run, also when that has ended; what is printed elsewhere stays in
// the process's own output.

import { AsyncLocalStorage } from 'node:async_hooks';
import { StringDecoder } from 'node:string_decoder';
import { LogLevel } from './_gen/runtime/runner/v1/runner.js';
import type { Copies } from './copies.js';
import { type LogOwner, type Logs, MAX_LINE_BYTES } from './logs.js';

/** A run as far as its prints are concerned. */
export interface Printer extends LogOwner {
  /** What it has printed behind its last line break. Absent before its first print. */
  unfinished?: Map<LogLevel, Line>;
}

type Write = typeof process.stdout.write;
type Done = (error?: Error | null) => void;

/** Tells runs apart in everything that they start, and sends what they print. */
export class Prints {
  private readonly current = new AsyncLocalStorage<Printer | undefined>();

  /** Without `copies` what runs print is sent and nothing else. */
  constructor(
    private readonly logs: Logs,
    private readonly copies?: Copies,
  ) {}

  /** Calls it as work of a run; undefined for none. */
  as<T>(run: Printer | undefined, work: () => T): T {
    return this.current.run(run, work);
  }

  /** Takes over the process's stdout and stderr. */
  install(): void {
    this.takeOver(process.stdout, LogLevel.INFO);
    this.takeOver(process.stderr, LogLevel.WARN);
  }

  /** Sends what a run that ends has printed without a line break. */
  finish(run: Printer): void {
    for (const [level, line] of run.unfinished ?? []) if (line.begun) this.end(run, level, line, '');
  }

  /** Adds to what a run prints, and sends the lines that end in it. */
  add(run: Printer, level: LogLevel, chunk: string | Uint8Array): void {
    run.unfinished ??= new Map();
    let line = run.unfinished.get(level);
    if (line === undefined) run.unfinished.set(level, (line = new Line()));
    const text = line.textOf(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.end(run, level, line, text.slice(start, end));
      start = end + 1;
    }
    if (start === text.length) return;
    const rest = text.slice(start);
    line.add(rest);
    this.copies?.write(level, run.id, fresh(rest), false);
  }

  private end(run: Printer, level: LogLevel, line: Line, rest: string): void {
    // First the copy: it is what there is of the line until the event loop has its next turn.
    const copy = this.copies?.write(level, run.id, fresh(rest), true) ?? 0n;
    this.logs.printed(run, level, line.take(rest), copy);
  }

  private takeOver(stream: NodeJS.WriteStream, level: LogLevel): void {
    const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
    stream.write = ((chunk: unknown, encoding?: BufferEncoding | Done, done?: Done) => {
      const run = this.current.getStore();
      if (run === undefined || !(typeof chunk === 'string' || chunk instanceof Uint8Array)) {
        return write(chunk, encoding, done);
      }
      // Text in another encoding than UTF-8 is bytes in disguise.
      const bytesOf = typeof chunk === 'string' && typeof encoding === 'string' && !/^utf-?8$/i.test(encoding);
      this.add(run, level, bytesOf ? Buffer.from(chunk, encoding as BufferEncoding) : chunk);
      const callback = typeof encoding === 'function' ? encoding : done;
      if (callback !== undefined) process.nextTick(callback, null);
      return true;
    }) as Write;
  }
}

/** What a copy says of a piece of a line: a carriage return that begins the line anew, and what follows; not all of a very long one. */
function fresh(piece: string): string {
  const from = Math.max(0, piece.lastIndexOf('\r', piece.length - 2));
  return piece.slice(from, from + MAX_LINE_BYTES + 1);
}

/** A line that has not ended yet. */
export class Line {
  private text = '';
  private readonly decoder = new StringDecoder('utf8');

  get begun(): boolean {
    return this.text !== '';
  }

  /** Gives text as it is and bytes as text; a character that has come in part waits for its rest. */
  textOf(chunk: string | Uint8Array): string {
    return typeof chunk === 'string' ? chunk : this.decoder.write(chunk as Buffer);
  }

  /** Adds to the line. Of a very long one only so much is kept as shows that it was cut. */
  add(part: string): void {
    const text = this.text + part;
    // A carriage return begins the line anew, as progress bars do; one at the end may belong to the line break.
    const from = text.lastIndexOf('\r', text.length - 2) + 1;
    this.text = text.slice(from, from + MAX_LINE_BYTES + 1);
  }

  /** Gives the whole line, and begins the next. */
  take(rest: string): string {
    this.add(rest);
    const { text } = this;
    this.text = '';
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }
}
