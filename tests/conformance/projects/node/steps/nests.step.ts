import type { EventHandler } from 'motia';
import { nested } from './lib/odd';

export const config = { type: 'event', name: 'nests', subscribes: ['nests'], emits: [] };

export const handler: EventHandler<number | 'cycle'> = async (input) => nested(input);
