import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'prints', subscribes: ['prints'], emits: [] };

export const handler: EventHandler<string> = async (input) => {
  console.log(input);
};
