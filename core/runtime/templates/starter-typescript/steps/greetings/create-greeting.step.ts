import type { ApiRouteConfig, Handlers } from 'motia'
import { z } from 'zod'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'CreateGreeting',
  description: 'Takes a name and lets another step write the greeting',
  method: 'POST',
  path: '/greetings',
  bodySchema: z.object({ name: z.string().min(1).max(100) }),
  responseSchema: { 202: z.object({ name: z.string(), see: z.string() }) },
  emits: ['greeting.requested'],
  flows: ['greetings'],
}

export const handler: Handlers['CreateGreeting'] = async (req, { emit, logger }) => {
  const { name } = req.body

  await emit({ topic: 'greeting.requested', data: { name } })
  logger.info('greeting requested', { name })

  return { status: 202, body: { name, see: `/greetings/${encodeURIComponent(name)}` } }
}
