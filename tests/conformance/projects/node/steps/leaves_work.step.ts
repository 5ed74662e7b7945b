import type { EventHandler } from 'motia';
import { work } from './lib/late';

export const config = { type: 'event', name: 'leaves_work', subscribes: ['leaves_work'], emits: [] };

export const handler: EventHandler = async (_input, ctx) => {
  setInterval(() => {}, 3_600_000); // keeps the event loop alive
  void work(ctx);
  return 'left';
};
