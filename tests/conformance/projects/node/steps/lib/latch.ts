export let release: () => void;
export const released = new Promise<void>((resolve) => {
  release = resolve;
});

export let report: (outcome: string) => void;
export const outcome = new Promise<string>((resolve) => {
  report = resolve;
});
