import type { ApiRouteHandler, FlowContext } from 'motia';
import { work } from './lib/late';
import { give } from './lib/signal';

/** More than fit in a frame. */
const LINES = 2000;

export const config = { type: 'api', name: 'streams', path: '/streams', method: 'POST', emits: [] };

export const handler: ApiRouteHandler<string, unknown> = async (req, ctx) => {
  return { status: 201, headers: { 'content-type': req.body }, body: pieces(ctx) };
};

/** Asks the core for each piece; some answers are orders. */
async function* pieces(ctx: FlowContext): AsyncGenerator<any> {
  try {
    for (let number = 1; ; number++) {
      const piece: any = await ctx.state.get('pieces', String(number));
      if (piece === 'end') return;
      if (piece === 'throw') throw new TypeError('the source has run dry');
      if (piece === 'logs and end' || piece === 'logs and throw') logs(ctx);
      if (piece === 'logs and end') return;
      if (piece === 'logs and throw') throw new TypeError('the source has run dry');
      if (piece === 'log') ctx.logger.info('a line from the body');
      else if (piece === 'forget') void ctx.state.set('forgotten', 'key', 1);
      else if (piece === 'leave work') void work(ctx);
      else yield piece;
    }
  } finally {
    give('cleaned up');
  }
}

function logs(ctx: FlowContext): void {
  for (let line = 0; line < LINES; line++) ctx.logger.info('a line from the body');
}
