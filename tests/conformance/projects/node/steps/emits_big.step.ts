import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'emits_big', subscribes: ['emits_big'], emits: [] };

export const handler: EventHandler<number> = async (input, { emit }) => {
  try {
    return await emit({ topic: 'letters', data: 'x'.repeat(input) });
  } catch (error) {
    return `caught: ${(error as Error).message}`;
  }
};
