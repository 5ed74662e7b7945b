import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'tries', subscribes: ['tries'], emits: [] };

export const handler: EventHandler<string> = async (input, ctx) => {
  try {
    await ctx.state.get('questions', input);
  } catch (error) {
    return `caught: ${(error as Error).message}`;
  }
  return 'nothing was thrown';
};
