// Middleware around the handler of an api step, from the outside in.

import type { ApiRequest, FlowContext } from '../sdk/types.js';
import type { Callable, Step } from './loader.js';

/** Calls the middleware from `place` on, the handler innermost. */
export function passThrough(step: Step, req: ApiRequest, ctx: FlowContext<any>, place = 0): unknown {
  const middleware = step.middleware[place];
  if (middleware === undefined) return step.handler?.(req, ctx);
  const rest = new Rest(() => passThrough(step, req, ctx, place + 1), `middleware ${place + 1} of ${step.file}`);
  return around(middleware, req, ctx, rest);
}

async function around(middleware: Callable, req: ApiRequest, ctx: FlowContext<any>, rest: Rest): Promise<unknown> {
  // A middleware that only does something before next() may forget to return what it gave.
  return (await middleware(req, ctx, () => rest.goOn())) ?? rest.started;
}

/** What a middleware goes on to with its third argument, `next`. */
class Rest {
  started: Promise<unknown> | undefined;

  /** `middleware` names whose rest it is, for errors. */
  constructor(
    private readonly work: () => unknown,
    private readonly middleware: string,
  ) {}

  goOn(): Promise<unknown> {
    if (this.started !== undefined) return Promise.reject(new Error(`${this.middleware} called next() twice`));
    this.started = (async () => this.work())(); // async: a throw comes back as a rejection as well
    return this.started;
  }
}
