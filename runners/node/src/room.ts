// What a manifest has room for: it travels in one frame, and none is over 8 MiB (PROTOCOL.md, section 7).

import { LoadFailure } from './_gen/runtime/runner/v1/runner.js';
import { DefinitionError } from './load-failure.js';

/** Bytes of config and schemas of one file. */
const MAX_ENTRY_BYTES = 1 << 20;
/** Bytes of all entries. */
const MAX_ENTRIES_BYTES = 5 << 20;
/** Bytes of failures that are told with their stacks and causes; what follows is told in a few words. */
const MAX_FAILURES_BYTES = 1 << 20;
const MAX_SHORT_MESSAGE = 200;

const FIX = 'Keep data out of the config.';

/** Counts the bytes of one manifest. */
export class Room {
  private entries = 0;
  private failures = 0;

  /** Takes the room of a file's entry; throws `DefinitionError` where there is not so much. */
  take(file: string, bytes: number): void {
    if (bytes > MAX_ENTRY_BYTES) {
      throw new DefinitionError(`config in ${file} has ${bytes} bytes; at most ${MAX_ENTRY_BYTES} are allowed`, FIX);
    }
    if (this.entries + bytes > MAX_ENTRIES_BYTES) {
      const message = `the configs and schemas of the files before ${file} leave no room for its ${bytes} bytes; together they may have ${MAX_ENTRIES_BYTES}`;
      throw new DefinitionError(message, 'Keep data out of the configs, and make long descriptions in schemas shorter.');
    }
    this.entries += bytes;
  }

  /** Gives the failure as there is room for it. */
  fitted(whole: LoadFailure): LoadFailure {
    this.failures += LoadFailure.encode(whole).finish().length;
    if (this.failures <= MAX_FAILURES_BYTES || whole.failure === undefined) return whole;
    const message = whole.failure.message.slice(0, MAX_SHORT_MESSAGE);
    return { ...whole, fix: '', failure: { ...whole.failure, message, stack: '', cause: undefined } };
  }
}
