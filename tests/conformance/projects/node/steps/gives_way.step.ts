import type { EventHandler } from 'motia';
import { aborted } from './lib/waiting';

export const config = { type: 'event', name: 'gives_way', subscribes: ['gives_way'], emits: [] };

export const handler: EventHandler = async (_input, ctx) => {
  await ctx.state.get('questions', 'may I wait');
  await aborted(ctx.signal);
  ctx.signal.throwIfAborted();
};
