import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'forgets', subscribes: ['forgets'], emits: [] };

export const handler: EventHandler = async (_input, { emit }) => {
  emit({ topic: 'one', data: 1 });
  emit({ topic: 'two', data: 2 });
  return 'done';
};
