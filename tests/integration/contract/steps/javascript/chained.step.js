// Middleware: the order, a changed request, a changed response, a caught error, a factory, a short cut.
const { catches } = require('../../middlewares/catches')

const marks = (name) => async (req, ctx, next) => {
  req.marks = [...(req.marks ?? []), name]
  const response = await next()
  return { ...response, headers: { ...response.headers, [`X-${name}`]: ctx.traceId } }
}

const guards = async (req, _ctx, next) =>
  req.headers.authorization ? next() : { status: 401, body: { error: 'Unauthorized' } }

const config = {
  type: 'api',
  name: 'JavaScriptChained',
  method: 'POST',
  path: '/javascript-chained',
  middleware: [catches, marks('First'), guards, marks('Second')],
}

const handler = async (req) => {
  if (req.body.fail) throw new RangeError(req.body.fail)
  return { status: 200, body: { marks: req.marks }, headers: { 'X-Own': 'kept' } }
}

module.exports = { config, handler }
