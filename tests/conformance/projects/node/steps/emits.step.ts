import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'emits', subscribes: ['emits'], emits: [] };

export const handler: EventHandler = async (input, { emit }) => emit({ topic: 'letters', data: input });
