import type { EventHandler } from 'motia';
import { increment } from './lib/counter';

export const config = { type: 'event', name: 'shares_one', subscribes: ['shares_one'], emits: [] };

export const handler: EventHandler = async () => increment();
