import type { ApiRouteHandler, FlowContext } from 'motia';
import { released, report } from './lib/latch';

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
      if (piece === 'log' || piece === 'log and end') ctx.logger.info('a line from the body');
      if (piece === 'log and end') return;
      if (piece === 'log') continue;
      if (piece === 'forget') void ctx.state.set('forgotten', 'key', 1);
      else if (piece === 'leave work') void work(ctx);
      else yield piece;
    }
  } finally {
    console.log('cleaned up');
  }
}

async function work(ctx: FlowContext): Promise<void> {
  await released;
  try {
    await ctx.state.set('late', 'key', 1);
    report('nothing was thrown');
  } catch (error) {
    report(`caught: ${(error as Error).message}`);
  }
}
