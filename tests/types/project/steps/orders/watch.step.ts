import type { Handlers, TriggersConfig } from 'motia';

const category = {
  $ref: '#/$defs/category',
  $defs: {
    category: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        parts: { type: 'array', items: { $ref: '#/$defs/category' } },
        size: { type: 'array', prefixItems: [{ type: 'number' }, { enum: ['cm', 'm'] }] },
      },
      required: ['name'],
      additionalProperties: false,
    },
  },
};

export const config: TriggersConfig = {
  name: 'watch-all',
  triggers: [
    { type: 'api', path: '/categories/:rest*', method: 'PUT', bodySchema: category },
    { type: 'event', topic: 'order.scored', input: { type: 'object', properties: { score: { type: 'number' } } } },
    { type: 'cron', cron: '0 * * * *' },
  ],
  emits: ['category.changed'],
};

export const handler: Handlers['watch-all'] = async (input, ctx) => {
  if (input && 'body' in input) {
    const size = input.body.parts?.[0]?.parts?.[0]?.size;
    await ctx.emit('category.changed', { unit: size?.[1], rest: input.pathParams.rest });
    return { status: 200, body: input.body };
  }
  ctx.logger.info('scored', input?.score?.toFixed(1));
};
