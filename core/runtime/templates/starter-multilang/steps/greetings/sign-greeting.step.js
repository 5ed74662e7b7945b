export const config = {
  type: 'event',
  name: 'SignGreeting',
  description: 'Puts the last name under the greeting',
  subscribes: ['greeting.written'],
  input: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  flows: ['greetings'],
}

/** @satisfies {import('motia').Handlers['SignGreeting']} */
export const handler = async ({ name }, { state, logger }) => {
  const greeting = await state.update('greetings', name, [{ op: 'append', path: 'seenBy', value: 'JavaScript' }])
  logger.info('greeting signed', greeting)
}
