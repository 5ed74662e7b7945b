import type { ApiMiddleware } from 'motia'

const isItem = (item: any) => typeof item?.name === 'string' && typeof item?.price === 'number'

/** Answers for the handler when the order is none, so that the handler only sees good ones. */
export const checkOrder: ApiMiddleware = async (req, ctx, next) => {
  const items = req.body?.items
  if (!Array.isArray(items) || items.length === 0 || !items.every(isItem)) {
    ctx.logger.warn('an order without items was turned away')
    return { status: 400, body: { error: 'an order needs items, such as {"items": [{"name": "tea", "price": 4.5}]}' } }
  }
  return next()
}
