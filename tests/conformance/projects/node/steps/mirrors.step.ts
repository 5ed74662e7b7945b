import type { ApiRequest, ApiRouteHandler } from 'motia';
import { give } from './lib/signal';

const PARTS = ['method', 'path', 'pathParams', 'queryParams', 'headers', 'body', 'rawBody'] as const;

export const config = { type: 'api', name: 'mirrors', path: '/mirrors', method: 'POST', emits: [] };

export const handler: ApiRouteHandler = async (req: ApiRequest) => {
  give('mirroring');
  return { status: 200, body: Object.fromEntries(PARTS.map((part) => [part, describe(req[part])])) };
};

function describe(value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: [...value] } : value;
}
