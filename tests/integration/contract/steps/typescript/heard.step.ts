// Writes down what fired and what came with it: several causes run one handler.
export const config = {
  name: 'TypeScriptHeard',
  triggers: [
    { type: 'event', topic: 'typescript.heard' },
    { type: 'api', method: 'GET', path: '/typescript-heard' },
    { type: 'cron', cron: '0 0 1 1 *' },
  ],
}

export const handler = async (...given: any[]) => {
  const ctx = given.at(-1)
  const { trigger, attempt, idempotencyKey } = ctx
  const heard = { trigger, attempt, keyed: typeof idempotencyKey === 'string', input: trigger.type === 'event' ? given[0] : null }
  if (trigger.type === 'api') return { status: 200, body: await ctx.state.getGroup('typescript-heard') }
  await ctx.state.set('typescript-heard', `${trigger.type}-${idempotencyKey}`, heard)
}
