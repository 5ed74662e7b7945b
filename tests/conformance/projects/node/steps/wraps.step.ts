import type { ApiMiddleware, ApiRouteHandler } from 'motia';

const around =
  (name: string): ApiMiddleware =>
  async (req, _ctx, next) => {
    req.body.seen.push(name);
    const response = await next();
    response.body.push(name);
    return response;
  };

export const config = {
  type: 'api',
  name: 'wraps',
  path: '/wraps',
  method: 'POST',
  emits: [],
  middleware: [around('outer'), around('inner')],
};

export const handler: ApiRouteHandler = async (req) => ({ status: 200, body: [...req.body.seen, 'handler'] });
