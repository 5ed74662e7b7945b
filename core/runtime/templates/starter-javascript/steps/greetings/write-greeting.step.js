export const config = {
  type: 'event',
  name: 'WriteGreeting',
  description: 'Writes the greeting and keeps it',
  subscribes: ['greeting.requested'],
  input: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  flows: ['greetings'],
}

/** @satisfies {import('motia').Handlers['WriteGreeting']} */
export const handler = async ({ name }, { state, logger }) => {
  const greeting = { name, text: `Hello, ${name}!` }

  await state.set('greetings', name, greeting)
  logger.info('greeting written', greeting)
}
