import type { EventHandler } from 'motia';
import { work } from './lib/late';
import { give } from './lib/signal';

export const config = { type: 'event', name: 'outlasts', subscribes: ['outlasts'], emits: [] };

export const handler: EventHandler = async (_input, ctx) => {
  await ctx.state.get('questions', 'may I wait');
  await work(ctx);
  console.log('outlasted');
  give('outlasted');
};
