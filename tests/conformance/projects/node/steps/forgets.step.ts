import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'forgets', subscribes: ['forgets'], emits: [] };

export const handler: EventHandler<string | null> = async (input, { emit }) => {
  emit({ topic: 'one', data: 1 });
  emit({ topic: 'two', data: 2 });
  if (input) throw new Error(input);
  return 'done';
};
