export const config = {
  type: 'api',
  name: 'GetGreeting',
  description: 'Shows a greeting',
  method: 'GET',
  path: '/greetings/:name',
  responseSchema: {
    200: {
      type: 'object',
      properties: { name: { type: 'string' }, text: { type: 'string' } },
      required: ['name', 'text'],
    },
    404: { type: 'object', properties: { error: { type: 'string' } }, required: ['error'] },
  },
  flows: ['greetings'],
}

/** @satisfies {import('motia').Handlers['GetGreeting']} */
export const handler = async (req, { state }) => {
  const { name } = req.pathParams
  const greeting = await state.get('greetings', name)
  if (!greeting) return { status: 404, body: { error: `nobody has greeted ${name} yet` } }

  return { status: 200, body: greeting }
}
