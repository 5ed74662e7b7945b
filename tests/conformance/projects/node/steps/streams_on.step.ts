import type { ApiRouteHandler, FlowContext } from 'motia';
import { give } from './lib/signal';
import { aborted } from './lib/waiting';

export const config = { type: 'api', name: 'streams_on', path: '/streams_on', method: 'POST', emits: [] };

export const handler: ApiRouteHandler<string, unknown> = async (req, ctx) => {
  return { status: 200, body: req.body === 'stubborn' ? stubborn() : polite(ctx) };
};

async function* polite(ctx: FlowContext): AsyncGenerator<string> {
  try {
    yield 'begun';
    await aborted(ctx.signal);
    ctx.signal.throwIfAborted();
  } finally {
    give('cleaned up');
  }
}

async function* stubborn(): AsyncGenerator<string> {
  yield 'begun';
  await new Promise(() => {});
}
