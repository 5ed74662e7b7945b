import type { ApiRouteConfig, Handlers } from 'motia'
import { z } from 'zod'

const greetingSchema = z.object({ name: z.string(), text: z.string() })
type Greeting = z.infer<typeof greetingSchema>

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'GetGreeting',
  description: 'Shows a greeting',
  method: 'GET',
  path: '/greetings/:name',
  responseSchema: { 200: greetingSchema, 404: z.object({ error: z.string() }) },
  flows: ['greetings'],
}

export const handler: Handlers['GetGreeting'] = async (req, { state }) => {
  const { name } = req.pathParams
  const greeting = await state.get<Greeting>('greetings', name)
  if (!greeting) return { status: 404, body: { error: `nobody has greeted ${name} yet` } }

  return { status: 200, body: greeting }
}
