let count = 0;

export function increment(): number {
  return ++count;
}
