import { type ApiRouteHandler, HttpError } from 'motia';

export const config = { type: 'api', name: 'http_error', path: '/http_error', method: 'POST', emits: [] };

export const handler: ApiRouteHandler = async () => {
  throw new HttpError(418, { error: 'a teapot' });
};
