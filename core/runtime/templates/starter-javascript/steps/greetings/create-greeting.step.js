export const config = {
  type: 'api',
  name: 'CreateGreeting',
  description: 'Takes a name and lets another step write the greeting',
  method: 'POST',
  path: '/greetings',
  bodySchema: {
    type: 'object',
    properties: { name: { type: 'string', minLength: 1, maxLength: 100 } },
    required: ['name'],
  },
  responseSchema: {
    202: {
      type: 'object',
      properties: { name: { type: 'string' }, see: { type: 'string' } },
      required: ['name', 'see'],
    },
  },
  emits: ['greeting.requested'],
  flows: ['greetings'],
}

/** @satisfies {import('motia').Handlers['CreateGreeting']} */
export const handler = async (req, { emit, logger }) => {
  const { name } = req.body

  await emit({ topic: 'greeting.requested', data: { name } })
  logger.info('greeting requested', { name })

  return { status: 202, body: { name, see: `/greetings/${encodeURIComponent(name)}` } }
}
