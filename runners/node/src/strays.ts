// What user code throws where nobody catches it, and its attempts to end the process: the runner goes on for the other runs.

import { adopt } from './hostcalls.js';
import type { Logs } from './logs.js';

/** `process.exit()` in user code, which would end every run of the runner. */
export class ExitError extends Error {
  override readonly name = 'ExitError';

  constructor(code: unknown) {
    super(
      `process.exit(${code === undefined ? '' : String(code)}) was called; it is refused, as it would end the runner ` +
        'with every run in it. End a step with a return or a throw',
    );
  }
}

/** Logs from now on what nobody catches; `process.exit` throws. */
export function keepAlive(logs: Logs): void {
  process.on('unhandledRejection', (error) => {
    if (!adopt(error)) logs.runnerError('a promise was rejected and nobody caught it', error);
  });
  process.on('uncaughtException', (error) => {
    logs.runnerError('an error was thrown where nobody catches it', error);
  });
  process.exit = (code) => {
    throw new ExitError(code);
  };
}
