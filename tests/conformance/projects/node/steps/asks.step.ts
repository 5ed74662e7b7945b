import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'asks', subscribes: ['asks'], emits: [] };

export const handler: EventHandler<string> = async (input, ctx) => {
  return await ctx.state.get('questions', input);
};
