import type { EventHandler } from 'motia';
import { outcome, release } from './lib/latch';

export const config = { type: 'event', name: 'releases', subscribes: ['releases'], emits: [] };

export const handler: EventHandler = async () => {
  release();
  return outcome;
};
