import type { EventHandler } from 'motia';
import { give } from './lib/signal';

export const config = { type: 'event', name: 'signals', subscribes: ['signals'], emits: [] };

export const handler: EventHandler<string> = async (input) => give(input);
