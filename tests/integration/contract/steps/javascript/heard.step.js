// Writes down what fired and what came with it: several causes run one handler.
export const config = {
  name: 'JavaScriptHeard',
  triggers: [
    { type: 'event', topic: 'javascript.heard' },
    { type: 'api', method: 'GET', path: '/javascript-heard' },
    { type: 'cron', cron: '0 0 1 1 *' },
  ],
}

export const handler = async (...given) => {
  const ctx = given.at(-1)
  const { trigger, attempt, idempotencyKey } = ctx
  const heard = { trigger, attempt, keyed: typeof idempotencyKey === 'string', input: trigger.type === 'event' ? given[0] : null }
  if (trigger.type === 'api') return { status: 200, body: await ctx.state.getGroup('javascript-heard') }
  await ctx.state.set('javascript-heard', `${trigger.type}-${idempotencyKey}`, heard)
}
