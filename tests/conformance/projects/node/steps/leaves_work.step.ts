import type { EventHandler, FlowContext } from 'motia';
import { released, report } from './lib/latch';

export const config = { type: 'event', name: 'leaves_work', subscribes: ['leaves_work'], emits: [] };

export const handler: EventHandler = async (_input, ctx) => {
  setInterval(() => {}, 3_600_000); // keeps the event loop alive
  void work(ctx);
  return 'left';
};

async function work(ctx: FlowContext): Promise<void> {
  await released;
  try {
    await ctx.state.set('late', 'key', 1);
    report('nothing was thrown');
  } catch (error) {
    report(`caught: ${(error as Error).message}`);
  }
}
