import type { ApiMiddleware, ApiRouteHandler } from 'motia';

const check: ApiMiddleware = async (_req, _ctx, next) => next();

const text = (name: string) => ({ type: 'object', properties: { [name]: { type: 'string' } } });

const schema = { type: 'object', properties: { id: { type: 'string' } } };

/** What the schema libraries agreed upon: Standard JSON Schema. */
const Order = {
  '~standard': {
    version: 1,
    vendor: 'conformance',
    validate: (value: unknown) => ({ value }),
    jsonSchema: { input: () => schema, output: () => schema },
  },
};

export const config = {
  type: 'api',
  name: 'described',
  path: '/described',
  method: 'POST',
  emits: ['a.topic', { topic: 'b.topic', label: 'B', schema: text('label') }],
  flows: ['one', 'two'],
  middleware: [check],
  infrastructure: { handler: { timeout: 60 }, onSlow: check },
  input: text('line'),
  bodySchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  queryParams: [{ name: 'page', description: 'which' }, { name: 'size', schema: text('size') }],
  pathParams: text('id'),
  responseSchema: { 200: Order, 404: { type: 'object', properties: { error: { type: 'string' } } } },
  triggers: [
    { type: 'event', topic: 'a.topic', input: text('event') },
    {
      type: 'api',
      bodySchema: text('body'),
      queryParams: text('query'),
      pathParams: text('path'),
      responseSchema: text('answer'),
      emits: [{ topic: 'c.topic', schema: Order }],
    },
  ],
};

export const handler: ApiRouteHandler = async () => ({ status: 200, body: {} });
