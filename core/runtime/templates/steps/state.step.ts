import type { Handlers, StateConfig } from 'motia'

export const config: StateConfig = {
  type: 'state',
  name: 'STEP_NAME',
  groupId: 'STEP_GROUP',
}

export const handler: Handlers['STEP_NAME'] = async (change, { logger }) => {
  logger.info(`${change.operation} of ${change.key}`, { value: change.value })
}
