import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'big', subscribes: ['big'], emits: [] };

export const handler: EventHandler<number> = async (input) => 'x'.repeat(input);
