import type { EventHandler } from 'motia';

let arrived = 0;
let complete: () => void;
const all = new Promise<void>((resolve) => {
  complete = resolve;
});

export const config = { type: 'event', name: 'meets', subscribes: ['meets'], emits: [] };

export const handler: EventHandler<number> = async (input) => {
  arrived += 1;
  if (arrived === input) complete();
  await all;
  return arrived;
};
