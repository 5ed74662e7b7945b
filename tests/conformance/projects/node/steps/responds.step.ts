import type { ApiRouteHandler } from 'motia';

const ANSWERS: Record<string, unknown> = {
  text: { status: 201, body: 'grüße', headers: { 'x-one': '1', 'x-many': ['1', '2'] } },
  bytes: { status: 200, body: new Uint8Array([0, 255]) },
  none: { status: 204 },
  map: { body: { a: [1, true, null, 'ä'] } },
  list: { status: 200, body: [] },
  number: { status: 200, body: 7.5 },
  boolean: { status: 200, body: false },
  'no map': ['status', 200],
  'a string': 'hello',
  nothing: undefined,
};

export const config = { type: 'api', name: 'responds', path: '/responds', method: 'POST', emits: [] };

export const handler: ApiRouteHandler<string, unknown> = async (req) => ANSWERS[req.body];
