export const config = {
  type: 'state',
  name: 'STEP_NAME',
  groupId: 'STEP_GROUP',
}

/** @satisfies {import('motia').Handlers['STEP_NAME']} */
export const handler = async (change, { logger }) => {
  logger.info(`${change.operation} of ${change.key}`, { value: change.value })
}
