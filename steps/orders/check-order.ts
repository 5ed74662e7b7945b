import type { ApiMiddleware } from 'motia'

/** Answers for the handler when the order is empty, so that the handler never sees one. */
export const checkOrder: ApiMiddleware = async (req, ctx, next) => {
  if (!Array.isArray(req.body.items) || req.body.items.length === 0) {
    ctx.logger.warn('an order without items was turned away')
    return { status: 400, body: { error: 'an order needs items, such as {"items": [{"name": "tea", "price": 4.5}]}' } }
  }
  return next()
}
