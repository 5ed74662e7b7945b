import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'misnames', subscribes: ['misnames'], emits: ['any'] };

const NO_TEXT = 'a\ud800';

export const handler: EventHandler<string> = async (input, { emit, state, stream, streams }) => {
  const calls: Record<string, () => Promise<unknown>> = {
    'state group': () => state.get(NO_TEXT, 'item'),
    'state key': () => state.set('shelf', NO_TEXT, 1),
    'state keys': () => state.keys(NO_TEXT),
    'stream group': () => streams.tickets!.getGroup(NO_TEXT),
    'stream id': () => streams.tickets!.set('shelf', NO_TEXT, {}),
    'channel id': () => streams.tickets!.send({ groupId: 'shelf', id: NO_TEXT }, { type: 'news', data: 1 }),
    'text id': () => stream.write(NO_TEXT, 'once'),
    topic: () => emit({ topic: NO_TEXT as 'any', data: 1 }),
    option: () => emit({ topic: 'any', data: 1, messageGroupId: NO_TEXT }),
  };
  return calls[input]?.();
};
