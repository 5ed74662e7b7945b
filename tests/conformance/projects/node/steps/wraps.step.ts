import type { ApiMiddleware, ApiRouteHandler } from 'motia';

const around =
  (name: string): ApiMiddleware =>
  async (req, _ctx, next) => {
    req.body.seen.push(name);
    const response = await next();
    if (!req.body.silent) return { ...response, body: [...response.body, name] };
  };

export const config = {
  type: 'api',
  name: 'wraps',
  path: '/wraps',
  method: 'POST',
  emits: [],
  middleware: [around('outer'), around('inner')],
};

export const handler: ApiRouteHandler = async (req) => {
  if (req.body.throws) throw new RangeError('no place behind the middleware');
  return { status: 200, body: [...req.body.seen, 'handler'] };
};
