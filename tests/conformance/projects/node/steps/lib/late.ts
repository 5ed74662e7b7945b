import type { FlowContext } from 'motia';
import { released, report } from './latch';

/** Prints, and tries a host call, once the latch is released, whatever has become of its run, and says there how it went. */
export async function work(ctx: FlowContext): Promise<void> {
  await released;
  console.log('late');
  try {
    await ctx.state.set('late', 'key', 1);
    report('nothing was thrown');
  } catch (error) {
    report(`caught: ${(error as Error).message}`);
  }
}
