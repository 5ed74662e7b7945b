import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'tells', subscribes: ['tells'], emits: [] };

export const handler: EventHandler<string[]> = async (input, { stream }) => {
  for (const piece of input) void stream.write('story', piece);
  void stream.close('story');
  return 'told';
};
