import type { EventHandler } from 'motia';
import * as counter from '../steps/lib/counter.js';

export const config = { type: 'event', name: 'shares_two', subscribes: ['shares_two'], emits: [] };

export const handler: EventHandler = async () => counter.increment();
