// Middleware: the order, a changed request, a changed response, a caught error, a factory, a short cut.
import { ApiMiddleware, ApiRouteConfig, Handlers } from 'motia'
import { catches } from '../../middlewares/catches'

const marks = (name: string): ApiMiddleware => async (req: any, ctx, next) => {
  req.marks = [...(req.marks ?? []), name]
  const response = await next()
  return { ...response, headers: { ...response.headers, [`X-${name}`]: ctx.traceId } }
}

const guards: ApiMiddleware = async (req, _ctx, next) =>
  req.headers.authorization ? next() : { status: 401, body: { error: 'Unauthorized' } }

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'TypeScriptChained',
  method: 'POST',
  path: '/typescript-chained',
  middleware: [catches, marks('First'), guards, marks('Second')],
}

export const handler: Handlers['TypeScriptChained'] = async (req: any) => {
  if (req.body.fail) throw new RangeError(req.body.fail)
  return { status: 200, body: { marks: req.marks }, headers: { 'X-Own': 'kept' } }
}
