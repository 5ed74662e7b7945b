/** What the hooks of `gated` and the config have to say to each other. */
export const heard: unknown[] = [];

let arrived = 0;
let complete: () => void;
const all = new Promise<void>((resolve) => {
  complete = resolve;
});

/** Waits until so many have come. */
export async function meet(count: number): Promise<void> {
  arrived += 1;
  if (arrived === count) complete();
  await all;
}
