// What a part of the context does not have: who asks for it is told what there is.

/** Names that those look for who await, write or show an object, whatever it is. */
const ASKED_OF_ALL: ReadonlySet<string> = new Set(['then', 'toJSON', 'href', 'protocol', 'length']);
/** Characters in common from which on a member may be the one that was meant. */
const MIN_LIKENESS = 3;

/** Makes a prototype for objects that have all their members themselves: to read another throws what `tell` says of it. */
export function complete(tell: (name: string) => string): object {
  return new Proxy({}, {
    get: (all, name, receiver) => {
      if (typeof name === 'symbol' || name in all || ASKED_OF_ALL.has(name)) return Reflect.get(all, name, receiver) as unknown;
      throw new TypeError(tell(name));
    },
  });
}

/** Says that there is no such member and which one may have been meant; `known` are those there are. */
export function lacking(where: string, name: string, known: readonly string[]): string {
  const [near] = known.toSorted((a, b) => likeness(b, name) - likeness(a, name) || a.length - b.length);
  const isNear = near !== undefined && likeness(near, name) >= MIN_LIKENESS;
  return `${where} has no ${JSON.stringify(name)}; ${isNear ? `did you mean ${near}?` : `it has ${known.join(', ')}`}`;
}

/** Tells how many characters two names have in common from the start, however they are spelt. */
function likeness(one: string, other: string): number {
  const [a, b] = [one, other].map((name) => [...name.replaceAll('_', '').toLowerCase()]) as [string[], string[]];
  const first = a.findIndex((character, at) => character !== b[at]);
  return first < 0 ? a.length : first;
}
