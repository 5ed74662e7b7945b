import { type EventHandler, NonRetriableError } from 'motia';

export const config = { type: 'event', name: 'gives_up', subscribes: ['gives_up'], emits: [] };

export const handler: EventHandler = async () => {
  throw new NonRetriableError('the card is stolen', { cause: new Error('code 43') });
};
