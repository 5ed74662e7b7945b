import type { EventHandler } from 'motia';

const AT_LOAD = Object.keys(process.env).sort();

export const config = { type: 'event', name: 'environment', subscribes: ['environment'], emits: [] };

export const handler: EventHandler = async () => ({ atLoad: AT_LOAD, now: Object.keys(process.env).sort() });
