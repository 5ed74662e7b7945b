// Stands in for zod 3 where only this is needed of it: the names of its kinds of schemas, each of which is its own value.

/** A kind of schema of zod 3 by its name. */
export const ZodFirstPartyTypeKind = new Proxy({} as Record<string, string>, { get: (_, name) => name });
