import { EventEmitter } from 'node:events';
import type { EventHandler } from 'motia';
import { OrderRejected, take } from './lib/stock';

export const config = { type: 'event', name: 'throws', subscribes: ['throws'], emits: [] };

export const handler: EventHandler = async () => {
  // Through a frame of the standard library, which is not the project's own.
  new EventEmitter().on('order', reject).emit('order');
};

function reject(): void {
  try {
    take('lemons');
  } catch (error) {
    throw new OrderRejected('order 7 is rejected', { cause: error });
  }
}
