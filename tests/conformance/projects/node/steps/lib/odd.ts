const VALUES: Record<string, unknown> = {
  function: () => undefined,
  surrogate: '\ud800',
  integer: 2n ** 64n,
};

export function isUnsendable(name: string): boolean {
  return name in VALUES;
}

export function unsendable(name: string): unknown {
  return { items: [{}, { run: VALUES[name] }] };
}

/** A value that contains itself, or so many lists, one in the other. */
export function nested(depth: number | 'cycle'): unknown {
  let value: unknown[] = [];
  if (depth === 'cycle') {
    value.push({ self: value });
    return { loop: value };
  }
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}
