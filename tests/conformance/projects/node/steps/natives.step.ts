import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'natives', subscribes: ['natives'], emits: [] };

export const handler: EventHandler = async () => ({
  absent: null,
  bytes: new Uint8Array([0, 255]),
  date: new Date(Date.UTC(2024, 1, 29, 12, 30, 15)),
  leftOut: undefined,
  list: [1, 2],
  large: 2n ** 63n,
});
