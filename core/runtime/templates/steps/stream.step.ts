import type { Handlers, StreamChangeConfig } from 'motia'

export const config: StreamChangeConfig = {
  type: 'stream',
  name: 'STEP_NAME',
  streamName: 'STEP_STREAM',
}

export const handler: Handlers['STEP_NAME'] = async (change, { logger }) => {
  logger.info(`${change.operation} of ${change.id}`, { value: change.value })
}
