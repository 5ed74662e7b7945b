import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'echo', subscribes: ['echo'], emits: [] };

export const handler: EventHandler = async (input) => input;
