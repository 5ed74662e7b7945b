import { readFileSync } from 'node:fs';
import type { EventHandler } from 'motia';
import { give } from './lib/signal';

export const config = { type: 'event', name: 'holds_loop', subscribes: ['holds_loop'], emits: [] };

export const handler: EventHandler<string> = async (input) => {
  give('holding');
  // A pipe: reading it blocks the whole event loop until the test writes.
  return readFileSync(input, 'utf8');
};
