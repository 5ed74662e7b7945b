import type { EventHandler } from 'motia';
import { aborted } from './lib/waiting';

export const config = { type: 'event', name: 'stops', subscribes: ['stops'], emits: [] };

export const handler: EventHandler = async (_input, ctx) => {
  await ctx.state.get('questions', 'may I wait');
  await aborted(ctx.signal);
  return 'stopped';
};
