import type { ApiMiddleware, ApiRouteHandler } from 'motia';

const check: ApiMiddleware = async (_req, _ctx, next) => next();

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
  emits: ['a.topic', { topic: 'b.topic', label: 'B' }],
  flows: ['one', 'two'],
  middleware: [check],
  infrastructure: { handler: { timeout: 60 }, onSlow: check },
  bodySchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  responseSchema: { 200: Order, 404: { type: 'object', properties: { error: { type: 'string' } } } },
};

export const handler: ApiRouteHandler = async () => ({ status: 200, body: {} });
