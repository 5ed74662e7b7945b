import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'keeps', subscribes: ['keeps'], emits: [] };

export const handler: EventHandler = async (input, { state }) => {
  const returned = await state.set('shelf', 'item', input);
  return [returned, await state.get('shelf', 'item')];
};
