// What '@motiadev/adapter-*' means here: classes of any name, which connect to nothing and say what they were made with.

class Described {
  constructor(readonly options: unknown) {}
}

const classes = new Map<string, typeof Described>();

function classOf(name: string): typeof Described {
  const known = classes.get(name) ?? { [name]: class extends Described {} }[name];
  classes.set(name, known as typeof Described);
  return known as typeof Described;
}

// As a prototype: what an import makes of the module keeps that, but copies only names that it can list.
const anyClass = new Proxy(
  {},
  { get: (_, name) => (typeof name === 'string' && /^[A-Z]/.test(name) ? classOf(name) : undefined) },
);
export = Object.create(anyClass) as object;
