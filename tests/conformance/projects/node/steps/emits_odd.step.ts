import type { EventHandler } from 'motia';
import { isUnsendable, nested, unsendable } from './lib/odd';

export const config = { type: 'event', name: 'emits_odd', subscribes: ['emits_odd'], emits: [] };

export const handler: EventHandler<any> = async (input, { emit }) => {
  try {
    return await emit({ topic: 'letters', data: isUnsendable(input) ? unsendable(input) : nested(input) });
  } catch (error) {
    return `caught: ${(error as Error).message}`;
  }
};
