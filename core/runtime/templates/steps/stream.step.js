export const config = {
  type: 'stream',
  name: 'STEP_NAME',
  streamName: 'STEP_STREAM',
}

/** @satisfies {import('motia').Handlers['STEP_NAME']} */
export const handler = async (change, { logger }) => {
  logger.info(`${change.operation} of ${change.id}`, { value: change.value })
}
