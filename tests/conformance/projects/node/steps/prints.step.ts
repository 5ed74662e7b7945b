import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'prints', subscribes: ['prints'], emits: [] };

export const handler: EventHandler<['stdout' | 'stderr', string][]> = async (input) => {
  for (const [stream, text] of input) process[stream].write(text);
};
