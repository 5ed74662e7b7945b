import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'asks_many', subscribes: ['asks_many'], emits: [] };

export const handler: EventHandler<number> = async (input, ctx) =>
  Promise.all(Array.from({ length: input }, (_, number) => ctx.state.get('questions', String(number))));
