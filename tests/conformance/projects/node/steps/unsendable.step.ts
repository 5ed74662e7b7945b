import type { EventHandler } from 'motia';
import { unsendable } from './lib/odd';

export const config = { type: 'event', name: 'unsendable', subscribes: ['unsendable'], emits: [] };

export const handler: EventHandler<string> = async (input) => unsendable(input);
