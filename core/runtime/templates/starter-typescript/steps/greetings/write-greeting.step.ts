import type { EventConfig, Handlers } from 'motia'
import { z } from 'zod'

export const config: EventConfig = {
  type: 'event',
  name: 'WriteGreeting',
  description: 'Writes the greeting and keeps it',
  subscribes: ['greeting.requested'],
  input: z.object({ name: z.string() }),
  flows: ['greetings'],
}

export const handler: Handlers['WriteGreeting'] = async ({ name }, { state, logger }) => {
  const greeting = { name, text: `Hello, ${name}!` }

  await state.set('greetings', name, greeting)
  logger.info('greeting written', greeting)
}
