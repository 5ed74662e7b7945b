import type { EventHandler } from 'motia';

const VALUES: Record<string, unknown> = {
  function: () => undefined,
  surrogate: '\ud800',
  integer: 2n ** 64n,
};

export const config = { type: 'event', name: 'unsendable', subscribes: ['unsendable'], emits: [] };

export const handler: EventHandler<string> = async (input) => ({ items: [{}, { run: VALUES[input] }] });
