// The side of a value that a schema is asked for.

/** What a schema is for: what comes in, what goes out, or texts of a URL, which are read by the schema's types. */
export type Side = 'input' | 'output' | 'text';
