import type { EventHandler } from 'motia';

export const config = { type: 'event', name: 'nests', subscribes: ['nests'], emits: [] };

export const handler: EventHandler<number | 'cycle'> = async (input) => {
  let value: unknown[] = [];
  if (input === 'cycle') {
    value.push({ self: value });
    return { loop: value };
  }
  for (let i = 1; i < input; i++) value = [value];
  return value;
};
