import { type EventHandler, VersionConflict } from 'motia';

export const config = { type: 'event', name: 'claims', subscribes: ['claims'], emits: [] };

export const handler: EventHandler<string | null> = async (input, { state }) => {
  const entry = await state.getEntry('shelf', 'item');
  try {
    await state.set('shelf', 'item', 'mine', { ttl: 60, ifVersion: entry?.version ?? 0 });
  } catch (error) {
    if (input === 'catch' && error instanceof VersionConflict) return `conflict: ${error.message}`;
    throw error;
  }
  return entry;
};
