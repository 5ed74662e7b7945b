import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'stubborn', subscribes: ['stubborn'], emits: [] };

export const handler: EventHandler = async (_input, ctx) => {
  await ctx.state.get('questions', 'may I wait');
  await new Promise(() => {});
};
